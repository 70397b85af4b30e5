import {Message, type Schema} from 'apache-arrow'
import type {RecordBatch as BatchHeader} from 'apache-arrow/ipc/metadata/message'
import type {RandomAccessFile} from '../ports/files.js'
import {IntegrityError} from '../errors.js'
import {notArrow} from './not-arrow.js'

/** A place on disk for what is too big for memory. */
export interface Spool {
  /** Bodies of record batches above this many bytes go through the file. */
  aboveBytes: number
  /** About as much as a part of one takes in memory, where rows are alike. */
  sliceBytes: number
  /** One file at a time; the one who gave the spool removes it, whatever happens. */
  open(sizeBytes: number): Promise<RandomAccessFile>
}

const CONTINUATION = 0xffff_ffff
/** A schema of ten thousand columns takes a few megabytes. */
const MAX_METADATA_BYTES = 64 << 20
/** Servers cap a whole result at 2 GiB. */
const MAX_BODY_BYTES = 2 ** 31 + (1 << 20)

/**
 * Cuts an Arrow IPC stream into its messages: prefix, metadata and body, each one piece of memory, so
 * that the reader copies nothing. With a spool, a big record batch becomes several of fewer rows. A stream without its end mark was cut off: `IntegrityError` (code
 * `stream_truncated`), as is anything that is no Arrow stream (code `not_arrow`).
 */
export async function* arrowMessages(
  source: AsyncIterable<Uint8Array>,
  spool?: Spool,
): AsyncGenerator<Uint8Array, void> {
  let schema: Schema | undefined
  const input = new PieceReader(source)
  try {
    for (;;) {
      const prefix = await input.read(4)
      let metadataBytes = prefix.readUInt32LE(0)
      const isMarked = metadataBytes === CONTINUATION
      if (isMarked) metadataBytes = (await input.read(4)).readUInt32LE(0)
      if (metadataBytes === 0) return
      if (metadataBytes > MAX_METADATA_BYTES) throw notArrow('a message is impossibly long')
      const metadata = await input.read(metadataBytes)
      const {message, bodyBytes} = decode(metadata)
      if (message.isSchema()) schema = message.header()
      const header = message.isRecordBatch() ? message.header() : undefined
      if (spool && schema && header?.compression === null && bodyBytes > spool.aboveBytes) {
        yield* throughSpool({schema, header, bodyBytes}, input, spool)
        continue
      }
      yield headOf(metadata)
      yield metadata
      if (bodyBytes > 0) yield await input.read(bodyBytes)
    }
  } finally {
    await input.close()
  }
}

function decode(metadata: Uint8Array): {message: Message; bodyBytes: number} {
  let message: Message
  try {
    message = Message.decode(metadata)
  } catch (error) {
    throw notArrow('a message cannot be decoded', error)
  }
  const bodyBytes = Number(message.bodyLength)
  if (!(bodyBytes >= 0 && bodyBytes <= MAX_BODY_BYTES))
    throw notArrow('a message is impossibly long')
  return {message, bodyBytes}
}

function headOf(metadata: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4)
  head.writeUInt32LE(metadata.length)
  return head
}

async function* throughSpool(
  batch: {schema: Schema; header: BatchHeader; bodyBytes: number},
  input: PieceReader,
  spool: Spool,
): AsyncGenerator<Uint8Array, void> {
  const {slicedBatch} = await import('./slice-batch.js')
  const file = await spool.open(batch.bodyBytes)
  try {
    for (let at = 0; at < batch.bodyBytes;) {
      const piece = await input.next(batch.bodyBytes - at)
      await file.write(piece, at)
      at += piece.length
    }
    const read = (position: number, length: number) => file.read(position, length)
    for await (const {metadata, body} of slicedBatch(
      {...batch, sliceBytes: spool.sliceBytes},
      read,
    )) {
      yield headOf(metadata)
      yield metadata
      if (body.length > 0) yield body
    }
  } finally {
    await file.close()
  }
}

/** Exact pieces of a stream of chunks. */
class PieceReader {
  private readonly chunks: AsyncIterator<Uint8Array>
  private rest: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.chunks = source[Symbol.asyncIterator]()
  }

  async read(length: number): Promise<Buffer> {
    const piece = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      const part = await this.next(length - filled)
      piece.set(part, filled)
      filled += part.length
    }
    return piece
  }

  /** At least one byte and at most so many, as they came. */
  async next(most: number): Promise<Uint8Array> {
    while (this.rest.length === 0) {
      const {value, done} = await this.chunks.next()
      if (done === true) throw truncated()
      this.rest = value
    }
    const part = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(part.length)
    return part
  }

  async close(): Promise<void> {
    await this.chunks.return?.()
  }
}

function truncated(): IntegrityError {
  return new IntegrityError('The answer broke off before its end.', {
    code: 'stream_truncated',
    hint: 'Nothing was changed. Run the command again.',
  })
}
