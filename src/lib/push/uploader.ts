import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {IntegrityError, UnreachableError} from '../errors.js'
import type {Headers, HttpClient} from '../ports/http-client.js'
import type {Random} from '../ports/random.js'
import {
  acceptsGzip,
  readUploadAnswer,
  UPLOAD_SESSIONS_PATH,
  uploadForm,
  type UploadAnswer,
} from '../wire/upload.js'

export interface OutgoingFile {
  fileName: string
  /** Uncompressed. */
  sizeBytes: number
  /** Called once an attempt. */
  open: () => AsyncIterable<Uint8Array>
}

/** Below this, compression happens in memory, so that the length can be announced. */
const SMALL_BYTES = 1 << 20
/** How a kept-alive connection that the server has closed meanwhile shows itself. */
const CLOSED = new Set<unknown>(['ECONNRESET', 'EPIPE'])

/** Sends files one request each, compressed once the server has said that it unpacks them. */
export class Uploader {
  private isGzip = false

  constructor(
    private readonly http: HttpClient,
    private readonly random: Random,
    private readonly isGzipAllowed: boolean,
  ) {}

  /** Asks the server what it takes. Fails only where an upload would, too. */
  async probe(signal?: AbortSignal): Promise<void> {
    const {headers} = await this.http.requestJson('GET', '/api/health', {timeoutMs: 10_000}, signal)
    this.learn(headers)
  }

  /** Resolves when the server has stored all of it. */
  async upload(file: OutgoingFile, signal?: AbortSignal): Promise<void> {
    let answer = await this.attemptTwice(file, signal)
    if (answer.fileName.endsWith('.gz')) {
      // A server that keeps archives as they are: readers expect plain lines.
      this.isGzip = false
      answer = await this.attemptTwice(file, signal)
    }
    if (answer.sizeBytes === file.sizeBytes) return
    throw new IntegrityError(
      `The server stored ${answer.sizeBytes} bytes of ${file.fileName}, not ${file.sizeBytes}.`,
      {code: 'stored_size_differs', hint: 'The next push sends it again.'},
    )
  }

  /** Files are stored by name, so sending one again after a broken connection does no harm. */
  private async attemptTwice(file: OutgoingFile, signal?: AbortSignal): Promise<UploadAnswer> {
    try {
      return await this.attempt(file, signal)
    } catch (error) {
      const isStale = error instanceof UnreachableError && CLOSED.has(error.details.cause)
      if (!isStale || signal?.aborted) throw error
      return this.attempt(file, signal)
    }
  }

  private async attempt(file: OutgoingFile, signal?: AbortSignal): Promise<UploadAnswer> {
    const isGzip = this.isGzip
    let broken: {error: unknown} | undefined
    const watch = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* file.open()
      } catch (error) {
        broken = {error}
        throw error
      }
    }
    try {
      const content = isGzip
        ? await gzipped(watch(), file.sizeBytes)
        : {sizeBytes: file.sizeBytes, bytes: watch()}
      const upload = uploadForm({
        ...content,
        fileName: isGzip ? `${file.fileName}.gz` : file.fileName,
        boundary: `agnes-${this.random.hex(16)}`,
      })
      const answer = await this.http.requestJson('POST', UPLOAD_SESSIONS_PATH, {upload}, signal)
      if (!isGzip) this.learn(answer.headers)
      return readUploadAnswer(answer.body)
    } catch (error) {
      // What stopped the bytes is the reason, not how the request ended for want of them.
      throw broken ? broken.error : error
    }
  }

  private learn(headers: Headers): void {
    this.isGzip = this.isGzipAllowed && acceptsGzip(headers)
  }
}

/** One gzip member: servers read no more than the first. */
async function gzipped(
  bytes: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): Promise<{sizeBytes: number | null; bytes: AsyncIterable<Uint8Array>}> {
  const {createGzip, gzipSync} = await import('node:zlib')
  if (sizeBytes <= SMALL_BYTES) {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    const packed = gzipSync(Buffer.concat(chunks))
    return {sizeBytes: packed.length, bytes: Readable.from([packed])}
  }
  const gzip = createGzip()
  // Its failure shows when `gzip` is read.
  pipeline(Readable.from(bytes), gzip).catch(() => undefined)
  return {sizeBytes: null, bytes: gzip}
}
