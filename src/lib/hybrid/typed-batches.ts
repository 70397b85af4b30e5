import type {Column, ColumnType, RowStream} from '../ports/warehouse.js'
import type {FetchedRows} from './hold-answer.js'

/** Rows of cells in the layout that a table takes, through the Arrow rooms: one translation for all types. */
export async function typedBatches(stream: RowStream): Promise<FetchedRows> {
  const {encodeArrowStream} = await import('../arrow/encode-arrow-stream.js')
  const {readArrowStream} = await import('../arrow/read-arrow-stream.js')
  const {columns, batches} = await readArrowStream(encodeArrowStream(stream))
  return {
    columns: columns.map((column, index) => ({
      ...column,
      castTo: castFor(stream.columns[index]!),
    })),
    batches,
  }
}

/** What Arrow has no type for, or another, comes out of it as text or as a decimal, and exact. */
function castFor({type}: Column): string | null {
  return CASTS[type.kind] ?? null
}

const CASTS: Partial<Record<ColumnType['kind'], string>> = {
  hugeint: 'HUGEINT',
  interval: 'INTERVAL',
  json: 'JSON',
}
