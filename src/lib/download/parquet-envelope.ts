import {IntegrityError} from '../errors.js'
import {walkFooter} from './thrift-footer.js'

/** The readable facts of a Parquet file, from its footer alone. */
export interface ParquetFacts {
  rows: number
  rowGroups: number
}

export interface ParquetSource {
  sizeBytes: number
  read(position: number, length: number): Promise<Uint8Array>
}

/** Read at once from the end: the whole footer of a usual table. */
const TAIL_BYTES = 32 * 1024
const MAGIC_BYTES = 4
const TRAILER_BYTES = 8
const MIN_FILE_BYTES = MAGIC_BYTES + 1 + TRAILER_BYTES
/** Hundreds of times the footer of a usual table. */
const MAX_FOOTER_BYTES = 32 * 1024 * 1024
/** Above this the library would build more objects than a small memory holds; the walk alone decides. */
const MAX_STRUCTURES = 50_000

/**
 * Checks the envelope: magic at both ends, a footer that lies inside the file and can be read, and row
 * groups whose rows add up. Throws `IntegrityError` (code `not_parquet`).
 */
export async function readParquetEnvelope(source: ParquetSource): Promise<ParquetFacts> {
  const {sizeBytes} = source
  if (sizeBytes < MIN_FILE_BYTES) throw notParquet(`it has ${sizeBytes} bytes`)
  const head = asBuffer(await source.read(0, MAGIC_BYTES))
  const tail = await readTail(source, Math.min(sizeBytes, TAIL_BYTES))
  const trailer = tail.subarray(-TRAILER_BYTES)
  const mark = trailer.subarray(-MAGIC_BYTES).toString('latin1')
  if (head.toString('latin1') !== 'PAR1' || mark !== 'PAR1')
    throw notParquet(mark === 'PARE' ? 'it is encrypted' : 'its marks are missing')
  const footerBytes = trailer.readUInt32LE(0)
  const end = footerBytes + TRAILER_BYTES
  if (end > sizeBytes - MAGIC_BYTES || footerBytes > MAX_FOOTER_BYTES)
    throw notParquet('its footer is impossibly long')
  const last = end <= tail.length ? tail.subarray(-end) : await readTail(source, end)
  const shape = walkFooter(last.subarray(0, footerBytes))
  if (!shape) throw notParquet('its footer is damaged')
  if (shape.rowGroupRows !== shape.rows)
    throw notParquet('its row groups do not add up to its rows')
  if (shape.structures <= MAX_STRUCTURES) await checkWithLibrary({sizeBytes, head, last}, shape)
  return {rows: shape.rows, rowGroups: shape.rowGroups}
}

async function readTail({sizeBytes, read}: ParquetSource, length: number): Promise<Buffer> {
  const bytes = asBuffer(await read(sizeBytes - length, length))
  if (bytes.length < length) throw notParquet('it is shorter than it was')
  return bytes
}

/** The same memory. */
function asBuffer({buffer, byteOffset, length}: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

/** The second opinion: an independent reader finds the same rows in the same groups. */
async function checkWithLibrary(
  {sizeBytes, head, last}: {sizeBytes: number; head: Buffer; last: Buffer},
  expected: ParquetFacts,
): Promise<void> {
  const {default: library} = await import('parquetjs-lite/lib/reader.js')
  // It asks for nothing but what was read already.
  const read = async (offset: number, length: number) => {
    const at = offset - (sizeBytes - last.length)
    return at < 0 ? head.subarray(offset, offset + length) : last.subarray(at, at + length)
  }
  const reader = new library.ParquetEnvelopeReader(read, () => {}, sizeBytes)
  let rows: number
  let rowGroups: number
  try {
    await reader.readHeader()
    const footer = await reader.readFooter()
    rows = Number(footer.num_rows)
    rowGroups = footer.row_groups?.length ?? -1
  } catch (error) {
    throw notParquet('its footer cannot be decoded', error)
  }
  if (rows !== expected.rows || rowGroups !== expected.rowGroups)
    throw notParquet('two readers disagree about its rows')
}

function notParquet(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`The file is not a readable Parquet file: ${why}.`, {
    code: 'not_parquet',
    ...(cause === undefined ? {} : {cause}),
  })
}
