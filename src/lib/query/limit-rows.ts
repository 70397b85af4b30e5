import type {Cell, Column, RowBatch, RowStream} from '../ports/warehouse.js'

/** Rows on their way to somebody, and what is known of them once they have been read. */
export interface CountedRows {
  columns: readonly Column[]
  /** To be read once. Stopping early counts as a cut by the reader, not by the limit. */
  batches: AsyncIterable<RowBatch>
  /** True and final when `batches` has ended. */
  outcome: {rowCount: number; isTruncated: boolean}
}

/** At most `limit` rows (`null`: all), saying afterwards whether there were more. */
export function limitRows(stream: RowStream, limit: number | null): CountedRows {
  const outcome = {rowCount: 0, isTruncated: false}
  return {columns: stream.columns, outcome, batches: limited(stream, limit ?? Infinity, outcome)}
}

async function* limited(
  stream: RowStream,
  limit: number,
  outcome: CountedRows['outcome'],
): AsyncGenerator<RowBatch> {
  for await (const batch of stream.batches) {
    const room = limit - outcome.rowCount
    const cut = batch.rowCount > room
    outcome.rowCount += cut ? room : batch.rowCount
    outcome.isTruncated = cut
    if (!cut) yield batch
    else if (room > 0) yield {rowCount: room, columns: batch.columns.map(firstCells(room))}
    if (cut) return
  }
}

function firstCells(count: number): (cells: readonly Cell[]) => Cell[] {
  return (cells) => cells.slice(0, count)
}
