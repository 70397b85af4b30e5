import type {Readable} from 'node:stream'
import type {BlockPool} from './block-pool.js'

/** Blocks on their way to the disk before the socket is paused. */
const MAX_WRITING = 2

export interface Pump {
  pool: BlockPool
  /** Called with every chunk and its position, before it is written. Throwing ends the transfer. */
  inspect(chunk: Uint8Array, position: number): void
  /** Called in order; the next block may be handed over before the last one is written. */
  write(block: Uint8Array, position: number): Promise<void>
  /** True while the disk, not the server, is being waited for. */
  onPause(isPaused: boolean): void
}

/**
 * Moves a body into a file from `position` on. Resolves with the number of bytes once all are written.
 * When the body breaks off, what has arrived is written first and then the failure is thrown.
 */
export function pumpBody(body: Readable, position: number, pump: Pump): Promise<number> {
  return new Promise((resolve, reject) => {
    const transfer = new Transfer(body, position, pump, (failure) => {
      if (failure) reject(failure.error as Error)
      else resolve(transfer.received)
    })
    transfer.start()
  })
}

class Transfer {
  received = 0
  private block: Buffer | undefined
  private filled = 0
  private written = 0
  private writing = 0
  private isOver = false
  private failure: {error: unknown} | undefined

  constructor(
    private readonly body: Readable,
    private readonly position: number,
    private readonly pump: Pump,
    private readonly onSettled: (failure: {error: unknown} | undefined) => void,
  ) {}

  start(): void {
    const {body} = this
    const closed = () => this.fail(body.errored ?? new Error('The body was closed.'))
    body.on('data', (chunk: Uint8Array) => this.take(chunk))
    body.once('error', (error) => this.fail(error))
    body.once('end', () => this.finish())
    body.once('close', closed)
    // An empty body is over before anybody can listen.
    if (body.readableEnded) this.finish()
    else if (body.destroyed) closed()
  }

  private take(chunk: Uint8Array): void {
    if (this.isOver) return
    try {
      this.pump.inspect(chunk, this.position + this.received)
    } catch (error) {
      this.fail(error)
      this.body.destroy()
      return
    }
    this.received += chunk.length
    for (let at = 0; at < chunk.length;) {
      const block = (this.block ??= this.pump.pool.take())
      const count = Math.min(block.length - this.filled, chunk.length - at)
      block.set(
        at === 0 && count === chunk.length ? chunk : chunk.subarray(at, at + count),
        this.filled,
      )
      this.filled += count
      at += count
      if (this.filled === block.length) this.flush()
    }
  }

  private flush(): void {
    const {block, filled, pump} = this
    if (!block) return
    this.block = undefined
    this.filled = 0
    if (++this.writing === MAX_WRITING) this.pause(true)
    const at = this.position + this.written
    this.written += filled
    pump.write(block.subarray(0, filled), at).then(
      () => this.onWritten(block),
      (error: unknown) => this.onWritten(block, {error}),
    )
  }

  private onWritten(block: Buffer, failure?: {error: unknown}): void {
    this.pump.pool.give(block)
    this.writing--
    if (failure && !this.failure) {
      this.failure = failure
      this.isOver = true
      this.body.destroy()
    }
    if (this.writing === MAX_WRITING - 1 && !this.isOver) this.pause(false)
    this.settle()
  }

  private pause(isPaused: boolean): void {
    if (isPaused) this.body.pause()
    else this.body.resume()
    this.pump.onPause(isPaused)
  }

  private fail(error: unknown): void {
    if (this.isOver) return
    this.failure = {error}
    this.finish()
  }

  private finish(): void {
    if (this.isOver) return
    this.flush()
    this.isOver = true
    this.settle()
  }

  private settle(): void {
    if (this.isOver && this.writing === 0) this.onSettled(this.failure)
  }
}
