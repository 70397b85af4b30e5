import {once} from 'node:events'
import type {WriteStream} from 'node:tty'
import type {OutputStream, Streams} from '../ports/streams.js'

/**
 * A process stream behind the port: backpressure, and EPIPE as "the reader has left". Node makes its
 * streams on first use, which takes some milliseconds: a quiet run never does.
 */
class ProcessOutput implements OutputStream {
  private opened: NodeJS.WriteStream | undefined
  private isGone = false

  constructor(
    private readonly open: () => NodeJS.WriteStream,
    private readonly noColor: boolean,
  ) {}

  private get stream(): NodeJS.WriteStream {
    if (this.opened) return this.opened
    this.opened = this.open()
    this.opened.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
      this.isGone = true
    })
    return this.opened
  }

  get isTty(): boolean {
    return this.stream.isTTY === true
  }

  get hasColor(): boolean {
    return this.isTty && !this.noColor
  }

  get columns(): number {
    return (this.stream as WriteStream).columns || 80
  }

  get rows(): number {
    return (this.stream as WriteStream).rows || 24
  }

  get isClosed(): boolean {
    return this.isGone || this.stream.destroyed
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.isClosed || this.stream.write(chunk)) return
    const settled = new AbortController()
    const until = {signal: settled.signal}
    await Promise.race([once(this.stream, 'drain', until), once(this.stream, 'close', until)])
      .catch(() => {
        this.isGone = true
      })
      // Takes the listener of the event that did not come off again.
      .finally(() => settled.abort())
  }
}

/** stdin, stdout and stderr of this process, each opened when it is first used. */
export function processStreams(noColor: boolean): Streams {
  return {
    get in() {
      return process.stdin
    },
    out: new ProcessOutput(() => process.stdout, noColor),
    err: new ProcessOutput(() => process.stderr, noColor),
  }
}
