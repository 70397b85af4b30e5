import type {Readable} from 'node:stream'

/** One output stream and what it can show. Each stream's terminal-ness is asked separately. */
export interface OutputStream {
  readonly isTty: boolean
  readonly hasColor: boolean
  /** Width in columns; 80 where unknown. */
  readonly columns: number
  /** Height in lines; absent where unknown. */
  readonly rows?: number
  /** True once the reader has gone away (EPIPE). Producers stop; it is not a failure. */
  readonly isClosed: boolean
  /** Resolves when the bytes are accepted (backpressure). Does nothing once closed; never rejects on EPIPE. */
  write(chunk: string | Uint8Array): Promise<void>
}

export interface Streams {
  readonly in: Readable & {isTTY?: boolean}
  readonly out: OutputStream
  readonly err: OutputStream
}
