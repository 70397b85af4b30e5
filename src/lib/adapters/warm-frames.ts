import type {Socket} from 'node:net'

/** A byte for the kind, four for the length, the payload. */
export const FRAME = {
  /** To the command: JSON `{version}`; a request is welcome. */
  ready: 1,
  busy: 2,
  /** Nothing was written: answer it yourself. */
  cold: 3,
  out: 4,
  err: 5,
  /** JSON `{exitCode}`. */
  end: 6,
  /** Still working. */
  alive: 7,
  /** To the engine: JSON of the request. */
  request: 16,
  /** Nobody reads standard output any more. */
  deaf: 17,
  /** The name of a signal. */
  signal: 18,
} as const

export interface Frame {
  kind: number
  payload: Buffer
}

const HEAD_BYTES = 5
/** What is longer is sent in pieces: neither side holds more than that for the line. */
const PIECE_BYTES = 64 * 1024

/** False when the line is full: wait for `drain`. */
export function sendFrame(socket: Socket, kind: number, payload: Uint8Array = NOTHING): boolean {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head[0] = kind
  head.writeUInt32LE(payload.length, 1)
  socket.cork()
  const hasRoom = socket.write(head)
  const isSent = payload.length === 0 ? hasRoom : socket.write(payload)
  socket.uncork()
  return isSent
}

const NOTHING = new Uint8Array(0)

export function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

/** Ends when the other side does, in the middle of a frame as well. @param most bytes of one frame */
export async function* readFrames(socket: Socket, most: number): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunksOf(socket)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + rest.readUInt32LE(1)
      if (end > most) return
      if (rest.length < end) break
      yield {kind: rest[0]!, payload: rest.subarray(HEAD_BYTES, end)}
      rest = rest.subarray(end)
    }
  }
}

async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  try {
    yield* socket as AsyncIterable<Buffer>
  } catch (error) {
    // Reset or destroyed: the other side has gone, as at any other end.
    if (!socket.destroyed) throw error
  }
}
