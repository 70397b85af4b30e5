import type {Readable} from 'node:stream'

/** Chunks are gathered to this size before they are written. */
const BLOCK_BYTES = 512 * 1024
/** Blocks on their way to the disk before the socket is paused. */
const MAX_WRITING = 2

export interface Pump {
  /** Called with every chunk and its position, before it is written. Throwing ends the transfer. */
  inspect(chunk: Uint8Array, position: number): void
  /** Called in order; the next block may be handed over before the last one is written. */
  write(chunks: Uint8Array[], position: number): Promise<void>
  /** True while the disk, not the server, is being waited for. */
  onPause(isPaused: boolean): void
}

/**
 * Moves a body into a file from `position` on. Resolves with the number of bytes once all are written.
 * When the body breaks off, what has arrived is written first and then the failure is thrown.
 */
export function pumpBody(body: Readable, position: number, pump: Pump): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0
    let written = 0
    let writing = 0
    let chunks: Uint8Array[] = []
    let isOver = false
    let failure: {error: unknown} | undefined

    const settle = () => {
      if (!isOver || writing > 0) return
      if (failure) reject(failure.error as Error)
      else resolve(received)
    }
    const flush = () => {
      if (received === written) return
      const block = chunks
      const at = position + written
      chunks = []
      written = received
      if (++writing >= MAX_WRITING) pause(true)
      pump.write(block, at).then(onWritten, onDiskFailure)
    }
    const pause = (isPaused: boolean) => {
      if (isPaused) body.pause()
      else body.resume()
      pump.onPause(isPaused)
    }
    const onWritten = () => {
      if (--writing === MAX_WRITING - 1 && !isOver) pause(false)
      settle()
    }
    const onDiskFailure = (error: unknown) => {
      writing--
      failure ??= {error}
      finish(false)
      body.destroy()
    }
    const finish = (shouldFlush: boolean) => {
      if (!isOver && shouldFlush) flush()
      isOver = true
      settle()
    }
    const fail = (error: unknown) => {
      if (isOver) return
      failure ??= {error}
      finish(true)
    }

    body.on('data', (chunk: Uint8Array) => {
      if (isOver) return
      try {
        pump.inspect(chunk, position + received)
      } catch (error) {
        fail(error)
        body.destroy()
        return
      }
      chunks.push(chunk)
      received += chunk.length
      if (received - written >= BLOCK_BYTES) flush()
    })
    body.once('error', fail)
    body.once('end', () => finish(true))
    body.once('close', () => fail(body.errored ?? new Error('The body was closed.')))
    // An empty body is over before anybody can listen.
    if (body.destroyed) {
      if (body.readableEnded) finish(false)
      else fail(body.errored ?? new Error('The body was closed.'))
    }
  })
}
