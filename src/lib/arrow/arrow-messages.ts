import {Message} from 'apache-arrow'
import {IntegrityError} from '../errors.js'

const CONTINUATION = 0xffff_ffff
/** A schema of ten thousand columns takes a few megabytes. */
const MAX_METADATA_BYTES = 64 << 20
/** Servers cap a whole result at 2 GiB. */
const MAX_BODY_BYTES = 2 ** 31 + (1 << 20)

/**
 * Cuts an Arrow IPC stream into its messages: prefix, metadata and body, each one piece of memory, so
 * that the reader copies nothing. A stream without its end mark was cut off: `IntegrityError` (code
 * `stream_truncated`), as is anything that is no Arrow stream (code `not_arrow`).
 */
export async function* arrowMessages(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
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
      const bodyBytes = bodyLength(metadata)
      const head = Buffer.alloc(4)
      head.writeUInt32LE(metadataBytes)
      yield head
      yield metadata
      if (bodyBytes > 0) yield await input.read(bodyBytes)
    }
  } finally {
    await input.close()
  }
}

function bodyLength(metadata: Uint8Array): number {
  let length: number
  try {
    length = Number(Message.decode(metadata).bodyLength)
  } catch (error) {
    throw notArrow('a message cannot be decoded', error)
  }
  if (!(length >= 0 && length <= MAX_BODY_BYTES)) throw notArrow('a message is impossibly long')
  return length
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
      if (this.rest.length === 0) {
        const {value, done} = await this.chunks.next()
        if (done === true) throw truncated()
        this.rest = value
      }
      const part = this.rest.subarray(0, length - filled)
      piece.set(part, filled)
      filled += part.length
      this.rest = this.rest.subarray(part.length)
    }
    return piece
  }

  async close(): Promise<void> {
    await this.chunks.return?.()
  }
}

export function notArrow(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`The answer is not a readable Arrow stream: ${why}.`, {
    code: 'not_arrow',
    hint: 'Run the command again. A proxy may have changed the answer on its way.',
    ...(cause === undefined ? {} : {cause}),
  })
}

function truncated(): IntegrityError {
  return new IntegrityError('The answer broke off before its end.', {
    code: 'stream_truncated',
    hint: 'Nothing was changed. Run the command again.',
  })
}
