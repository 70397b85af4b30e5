/**
 * Buffers in which chunks are gathered before they are written. Copying them once lets each small chunk
 * die young; kept until their write is done, they age and make the garbage collector mark the whole heap
 * every few megabytes, which cost more than all the rest of a download.
 */
export class BlockPool {
  private readonly free: Buffer[] = []

  constructor(readonly blockBytes = 256 * 1024) {}

  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.blockBytes)
  }

  give(block: Buffer): void {
    this.free.push(block)
  }
}
