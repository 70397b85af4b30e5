import {
  AsyncByteQueue,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  type Schema,
} from 'apache-arrow'
import type {RowBatch, RowStream} from '../ports/warehouse.js'
import {arrowData} from './arrow-data.js'
import {arrowSchema} from './arrow-type.js'

/**
 * Arrow IPC streams. Vocabulary: a *stream* is one schema message, any number of record batches, an
 * end mark. This room turns rows into them and knows nothing of SQL, files or HTTP.
 */

/** The bytes a writer has produced since they were last taken. */
class Collector extends AsyncByteQueue {
  private bytes: Uint8Array[] = []

  override write(chunk: Uint8Array): void {
    if (chunk.byteLength > 0) this.bytes.push(chunk)
  }

  take(): Uint8Array {
    const bytes = this.bytes.length === 1 ? this.bytes[0]! : Buffer.concat(this.bytes)
    this.bytes = []
    return bytes
  }
}

/**
 * One chunk for the schema, one per batch, one for the end: memory is that of a batch. An empty result
 * is schema and end. Rejects with the stream's own error, or `QueryError` (code `arrow_overflow`) for a
 * value the format cannot hold.
 */
export async function* encodeArrowStream(stream: RowStream): AsyncGenerator<Uint8Array> {
  const schema = arrowSchema(stream.columns)
  const collector = new Collector()
  const writer = new RecordBatchStreamWriter({autoDestroy: false})
  writer.reset(collector, schema)
  yield collector.take()
  for await (const batch of stream.batches) {
    writer.write(recordBatch(stream, batch, schema))
    yield collector.take()
  }
  writer.finish()
  yield collector.take()
}

function recordBatch({columns}: RowStream, batch: RowBatch, schema: Schema): RecordBatch {
  const children = columns.map(({type}, index) =>
    arrowData(type, batch.columns[index]!, schema.fields[index]!.type),
  )
  const data = makeData({
    type: new Struct(schema.fields),
    length: batch.rowCount,
    nullCount: 0,
    children,
  })
  return new RecordBatch(schema, data)
}
