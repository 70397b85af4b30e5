import {once} from 'node:events'
import type {WriteStream} from 'node:tty'
import type {OutputStream, Streams} from '../ports/streams.js'

/** A process stream behind the port: backpressure, and EPIPE as "the reader has left". */
class ProcessOutput implements OutputStream {
  readonly isTty: boolean
  readonly hasColor: boolean
  isClosed = false

  constructor(
    private readonly stream: NodeJS.WriteStream,
    noColor: boolean,
  ) {
    this.isTty = stream.isTTY === true
    this.hasColor = this.isTty && !noColor
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
      this.isClosed = true
    })
  }

  get columns(): number {
    return (this.stream as WriteStream).columns ?? 80
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.isClosed || this.stream.destroyed) {
      this.isClosed = true
      return
    }
    if (this.stream.write(chunk)) return
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]).catch(() => {
      this.isClosed = true
    })
  }
}

/** stdin, stdout and stderr of this process. Made once: each call adds error listeners. */
export function processStreams(noColor: boolean): Streams {
  return {
    in: process.stdin,
    out: new ProcessOutput(process.stdout, noColor),
    err: new ProcessOutput(process.stderr, noColor),
  }
}
