import type {Socket} from 'node:net'
import type {OutputStream} from '../ports/streams.js'
import type {WarmConnection, WarmEngine} from '../ports/query-engine.js'
import {connectOurs, socketPath, type Fallback} from './private-socket.js'
import {FRAME, readFrames, sendFrame, type Frame} from './warm-frames.js'

export const ENGINE_SOCKET = 'queries'
/** Twice what a query takes without it: one that needs longer to say hello is stuck. */
const HELLO_MS = 1000
/** It speaks every second while it works. */
const SILENCE_MS = 30_000
const MOST_BYTES = 1024 * 1024

/** @param folder the config folder; @param fallback a private folder of the user, for long paths */
export function warmQueryClient(
  folder: string,
  fallback: Fallback,
  helloMs = HELLO_MS,
): WarmEngine {
  return {
    async connect(version) {
      // Nothing tells whose a named pipe is: queries are not sent to a stranger's.
      if (process.platform === 'win32') return 'none'
      const socket = await connectOurs(socketPath(folder, fallback, ENGINE_SOCKET))
      if (!socket) return 'none'
      const line = new Line(socket)
      const hello = await line.next(helloMs)
      if (hello?.kind === FRAME.ready && jsonOf(hello).version === version) return connection(line)
      socket.destroy()
      return hello?.kind === FRAME.busy ? 'busy' : 'none'
    },
  }
}

/** Frames of one connection, none of which is waited for longer than it may take. */
class Line {
  private readonly frames: AsyncGenerator<Frame>

  constructor(readonly socket: Socket) {
    this.frames = readFrames(socket, MOST_BYTES)
    socket.on('timeout', () => socket.destroy())
  }

  async next(patienceMs: number): Promise<Frame | undefined> {
    this.socket.setTimeout(patienceMs)
    const {value} = await this.frames.next()
    // Whoever writes to a slow reader meanwhile is not waiting for the other side.
    this.socket.setTimeout(0)
    return value as Frame | undefined
  }
}

function connection(line: Line): WarmConnection {
  const {socket} = line
  return {
    async ask(request, {out, err}) {
      sendFrame(socket, FRAME.request, Buffer.from(JSON.stringify(request)))
      let isWritten = false
      let isDeafTold = false
      for (;;) {
        const frame = await line.next(SILENCE_MS)
        if (!frame) return isWritten ? 'cut' : 'cold'
        if (frame.kind === FRAME.cold) return 'cold'
        if (frame.kind === FRAME.end) return {exitCode: Number(jsonOf(frame).exitCode)}
        const target = targetOf(frame, {out, err})
        if (!target) continue
        isWritten = true
        await target.write(frame.payload)
        if (!out.isClosed || isDeafTold || target !== out) continue
        isDeafTold = true
        sendFrame(socket, FRAME.deaf)
      }
    },
    stop: (signal) => void sendFrame(socket, FRAME.signal, Buffer.from(signal)),
    close: () => void socket.destroy(),
  }
}

function targetOf(
  {kind}: Frame,
  streams: {out: OutputStream; err: OutputStream},
): OutputStream | undefined {
  if (kind === FRAME.out) return streams.out
  return kind === FRAME.err ? streams.err : undefined
}

function jsonOf({payload}: Frame): Record<string, unknown> {
  return JSON.parse(payload.toString('utf8')) as Record<string, unknown>
}
