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
  const head = await source.read(0, MAGIC_BYTES)
  const trailer = Buffer.from(await source.read(sizeBytes - TRAILER_BYTES, TRAILER_BYTES))
  const mark = trailer.subarray(TRAILER_BYTES - MAGIC_BYTES).toString('latin1')
  if (Buffer.from(head).toString('latin1') !== 'PAR1' || mark !== 'PAR1')
    throw notParquet(mark === 'PARE' ? 'it is encrypted' : 'its marks are missing')
  const footerBytes = trailer.readUInt32LE(0)
  const footerAt = sizeBytes - TRAILER_BYTES - footerBytes
  if (footerAt < MAGIC_BYTES || footerBytes > MAX_FOOTER_BYTES)
    throw notParquet('its footer is impossibly long')
  const footer = await source.read(footerAt, footerBytes)
  const shape = footer.length === footerBytes ? walkFooter(footer) : undefined
  if (!shape) throw notParquet('its footer is damaged')
  if (shape.rowGroupRows !== shape.rows)
    throw notParquet('its row groups do not add up to its rows')
  if (shape.structures <= MAX_STRUCTURES) await checkWithLibrary(source, shape)
  return {rows: shape.rows, rowGroups: shape.rowGroups}
}

/** The second opinion: an independent reader finds the same rows in the same groups. */
async function checkWithLibrary(source: ParquetSource, expected: ParquetFacts): Promise<void> {
  const {default: library} = await import('parquetjs-lite/lib/reader.js')
  const read = async (offset: number, length: number) =>
    Buffer.from(await source.read(offset, length))
  const reader = new library.ParquetEnvelopeReader(read, () => {}, source.sizeBytes)
  let rows: number
  let rowGroups: number
  try {
    await reader.readHeader()
    const footer = await reader.readFooter()
    rows = Number(footer.num_rows)
    rowGroups = footer.row_groups?.length ?? -1
  } catch (error) {
    if (error instanceof IntegrityError) throw error
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
