import {Readable} from 'node:stream'
import type {OutputStream, Streams} from '../../src/lib/ports/streams.js'

export class MemoryOutput implements OutputStream {
  isClosed = false
  columns = 80
  rows = 24
  private readonly chunks: Buffer[] = []

  constructor(
    readonly isTty: boolean,
    readonly hasColor = false,
  ) {}

  async write(chunk: string | Uint8Array): Promise<void> {
    if (!this.isClosed) this.chunks.push(Buffer.from(chunk as string))
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return this.bytes.toString('utf8')
  }
}

export interface MemoryStreams extends Streams {
  out: MemoryOutput
  err: MemoryOutput
}

export function memoryStreams(options: {tty?: boolean; stdin?: string} = {}): MemoryStreams {
  const tty = options.tty ?? false
  return {
    in: Object.assign(Readable.from([options.stdin ?? '']), {isTTY: tty}),
    out: new MemoryOutput(tty),
    err: new MemoryOutput(tty),
  }
}
