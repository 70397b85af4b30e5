import type {Cell, RowStream, WarehouseSession} from '../../lib/ports/warehouse.js'
import type {QueryEngine, QueryOptions, ScanEstimate, SqlReader} from '../model.js'
import {closeAfter} from './close-after.js'
import {toQueryError} from './engine-errors.js'
import {admitQuery, costOfQuery, streamQuery} from './open-query.js'
import type {EngineParts} from './query-engine.js'
import {answerTooLarge} from './query-refusals.js'
import {startDeadline} from './statement-timeout.js'

type QueryResult = Awaited<ReturnType<QueryEngine['query']>>

/** Admission, rights, quota, cost, execution: in this order, each refusing before the next begins. */
export async function runQuery(
  parts: EngineParts,
  request: QueryOptions & {sql: string},
  signal?: AbortSignal,
): Promise<QueryResult> {
  const query = await admitQuery(parts, {sql: request.sql, reader: request}, signal)
  const slot = query.isRemote ? request.enterRemote?.() : undefined
  const deadline = startDeadline(parts.clock, parts.limits.queryTimeoutMs, signal)
  let session: WarehouseSession | undefined
  try {
    session = await parts.open(query.tables)
    const ceiling = ceilingOf(parts.limits.maxRemoteScanBytes, request.maxBytes)
    const {stream, bytesScanned} = await streamQuery({session, query, ceiling}, deadline.signal)
    const limit = Math.min(request.limit, parts.limits.maxQueryRows)
    const rows = await firstRows(stream, limit, parts.limits.maxAnswerBytes)
    slot?.charge(bytesScanned ?? 0)
    return {columns: stream.columns, ...rows, bytesScanned}
  } catch (error) {
    throw toQueryError(error)
  } finally {
    deadline.clear()
    slot?.release()
    await session?.close()
  }
}

/** The whole answer of a query, without the engine's cap (contract 4.5): only the reader's own ceiling holds. */
export async function scanQuery(
  parts: EngineParts,
  {sql, reader}: {sql: string; reader: SqlReader},
  signal?: AbortSignal,
): Promise<RowStream> {
  const deadline = startDeadline(parts.clock, parts.limits.scanTimeoutMs, signal)
  let session: WarehouseSession | undefined
  const release = async () => {
    deadline.clear()
    await session?.close()
  }
  try {
    const query = await admitQuery(parts, {sql, reader}, deadline.signal)
    session = await parts.open(query.tables)
    const ceiling = ceilingOf(0, reader.maxBytes)
    const {stream} = await streamQuery({session, query, ceiling}, deadline.signal)
    return closeAfter(stream, release)
  } catch (error) {
    await release()
    throw toQueryError(error)
  }
}

/** What the query would read. How many rows it gives nobody knows before it ran. */
export async function estimateQuery(
  parts: EngineParts,
  {sql, reader}: {sql: string; reader: SqlReader},
  signal?: AbortSignal,
): Promise<ScanEstimate> {
  const query = await admitQuery(parts, {sql, reader}, signal)
  let session: WarehouseSession | undefined
  try {
    session = await parts.open(query.tables)
    const scanBytes = await costOfQuery({session, query, ceiling: Infinity}, signal)
    // Binds it, so that a mistake is told before anything is paid.
    await session.rows(`EXPLAIN ${sql}`, [], signal)
    return {scanBytes: scanBytes ?? 0, resultRows: null, resultBytes: null}
  } catch (error) {
    throw toQueryError(error)
  } finally {
    await session?.close()
  }
}

/** @param cap the engine's own; 0 switches it off, and nothing lifts it */
function ceilingOf(cap: number, asked: number | undefined): number {
  return Math.min(cap > 0 ? cap : Infinity, asked ?? Infinity)
}

/**
 * Reads one row more than asked for, to know whether there was more; the rest is never computed.
 * `ApiError` 400 (`bq_response_too_large`) for values of more than `maxBytes`.
 */
export async function firstRows(
  stream: Pick<RowStream, 'batches'>,
  limit: number,
  maxBytes: number,
): Promise<{rows: Cell[][]; truncated: boolean}> {
  const rows: Cell[][] = []
  let bytes = 0
  for await (const {rowCount, columns} of stream.batches) {
    for (let row = 0; row < rowCount; row++) {
      if (rows.length === limit) return {rows, truncated: true}
      const cells = columns.map((column) => column[row] ?? null)
      bytes += bytesOf(cells)
      if (bytes > maxBytes) throw answerTooLarge(maxBytes)
      rows.push(cells)
    }
  }
  return {rows, truncated: false}
}

const OTHER_BYTES = 8

function bytesOf(cell: Cell): number {
  if (typeof cell === 'string' || cell instanceof Uint8Array) return cell.length
  if (Array.isArray(cell))
    return (cell as Cell[]).reduce((sum: number, one) => sum + bytesOf(one), OTHER_BYTES)
  return cell !== null && typeof cell === 'object' && 'value' in cell
    ? bytesOf(cell.value)
    : OTHER_BYTES
}
