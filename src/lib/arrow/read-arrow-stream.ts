import {RecordBatchReader, type Data, type RecordBatch, type Schema} from 'apache-arrow'
import {AgnesError} from '../errors.js'
import type {DataBatch} from '../ports/warehouse.js'
import {arrowMessages, type Spool} from './arrow-messages.js'
import {notArrow} from './not-arrow.js'
import {sqlType} from './arrow-sql-type.js'
import {columnData} from './column-data.js'

/** A stream being read: its columns are known before the first batch. */
export interface ArrowRows {
  /** Names as sent, duplicates kept; types as the SQL engine spells them. */
  columns: readonly {name: string; type: string}[]
  batches: AsyncIterable<DataBatch>
}

/**
 * Reads an Arrow IPC stream in memory of one record batch, or of a part of one where it is big and there is a
 * spool. Errors: `IntegrityError` when it is cut off
 * (code `stream_truncated`) or no Arrow stream (`not_arrow`), `UsageError` (`unsupported_type`), and what
 * the source itself fails with.
 */
export async function readArrowStream(
  source: AsyncIterable<Uint8Array>,
  spool?: Spool,
): Promise<ArrowRows> {
  const reader = await named(async () =>
    (await RecordBatchReader.from(arrowMessages(source, spool))).open({autoDestroy: true}),
  )
  const schema = reader.schema as Schema | undefined
  if (!schema) throw notArrow('it has no schema')
  const columns = schema.fields.map(({name, type}) => ({name, type: sqlType(type)}))
  return {columns, batches: batchesOf(reader)}
}

async function* batchesOf(reader: RecordBatchReader): AsyncGenerator<DataBatch> {
  try {
    for (;;) {
      const {value, done} = (await named(async () => reader.next())) as IteratorResult<RecordBatch>
      if (done === true || value === undefined) return
      if (value.numRows === 0) continue
      const columns = await named(async () =>
        value.data.children.map((child: Data) => columnData(child)),
      )
      yield {rowCount: value.numRows, columns}
    }
  } finally {
    await reader.cancel()
  }
}

/** The library's own complaints are about bytes that make no sense. */
async function named<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof AgnesError || !(error instanceof Error)) throw error
    if ('code' in error || error.name === 'AbortError') throw error
    throw notArrow('it cannot be decoded', error)
  }
}
