import type {Cell, RowStream, WarehouseSession} from '../../lib/ports/warehouse.js'
import type {PublishedTable, QueryEngine, QueryOptions} from '../model.js'
import {checkQuery, type QueryFacts, type TableReference} from './check-query.js'
import {toQueryError} from './engine-errors.js'
import type {EngineParts} from './query-engine.js'
import {
  accessDenied,
  missingTable,
  mustStartWithSelect,
  onlySelect,
  pathNotRegistered,
  queryError,
  scanTooLarge,
} from './query-refusals.js'
import {bytesFor, countPruned, partitionFilter, readStatistics} from './remote-cost.js'
import {isNode, textOf, type SqlNode} from './sql-tree.js'
import {startDeadline} from './statement-timeout.js'

type QueryResult = Awaited<ReturnType<QueryEngine['query']>>

interface QueryRequest extends QueryOptions {
  sql: string
}

/** Admission, rights, quota, cost, execution: in this order, each refusing before the next begins. */
export async function runQuery(
  parts: EngineParts,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryResult> {
  const {statement, facts} = await admit(parts, request.sql, signal)
  const tables = facts.tables.map((reference) => resolveTable(parts, reference, request))
  const isRemote = tables.some(({queryMode}) => queryMode === 'remote')
  const slot = isRemote ? request.enterRemote?.() : undefined
  const deadline = startDeadline(parts.clock, parts.limits.queryTimeoutMs, signal)
  let session: WarehouseSession | undefined
  try {
    session = await parts.open([...new Set(tables)])
    const ceiling = ceilingOf(parts.limits.maxRemoteScanBytes, request.maxBytes)
    const cost = {session, tables, statement, facts, ceiling}
    const bytesScanned = await costOf(cost, deadline.signal)
    const stream = await session.stream(request.sql, [], deadline.signal)
    const limit = Math.min(request.limit, parts.limits.maxQueryRows)
    const rows = await firstRows(stream, limit)
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

async function admit(
  {parse}: EngineParts,
  sql: string,
  signal?: AbortSignal,
): Promise<{statement: SqlNode; facts: QueryFacts}> {
  const parsed = await parse(sql, signal)
  const startsRight = /^(select|with)\b/i.test(withoutLeadingComments(sql))
  if (parsed.outcome === 'not_select') throw onlySelect()
  if (!startsRight) throw mustStartWithSelect()
  if (parsed.outcome === 'syntax_error')
    throw queryError(`Parser Error: ${parsed.message}`, sql, parsed.position)
  const [statement, ...others] = parsed.statements
  if (!statement || others.length > 0) throw onlySelect()
  const facts = checkQuery(statement)
  if (facts.refused.length > 0) throw onlySelect(`${facts.refused[0]} may not be used here`)
  return {statement, facts}
}

function withoutLeadingComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/, '')
}

function resolveTable(
  {store}: EngineParts,
  reference: TableReference,
  {sql, allowed, isAdmin}: QueryRequest,
): PublishedTable {
  const {catalog, schema, name} = reference
  if (catalog.toLowerCase() === 'bq' || (catalog === '' && schema.toLowerCase() === 'bq'))
    throw pathNotRegistered(reference)
  const isOurs = catalog === '' && ['', 'main'].includes(schema.toLowerCase())
  const lower = name.toLowerCase()
  const table = isOurs
    ? store.tables().find((known) => known.name.toLowerCase() === lower)
    : undefined
  if (!table) throw missingTable(sql, reference)
  if (!isAdmin && !allowed.has(table.id)) throw accessDenied(table.name)
  return table
}

/** Bytes a remote engine reads for the statement, refused above the cap; `null` when all is local. */
async function costOf(
  {session, tables, statement, facts, ceiling}: CostInput,
  signal: AbortSignal,
): Promise<number | null> {
  const remote = [...new Set(tables)].filter(({queryMode}) => queryMode === 'remote')
  if (remote.length === 0) return null
  let scanBytes = 0
  for (const table of remote) {
    const statistics = await readStatistics(session, table, signal)
    const pruned = pruningOf(statement, table)
    const rows = pruned ? await countPruned(session, {table, ...pruned}, signal) : statistics.rows
    const columns = facts.hasStar ? 'all' : facts.columns
    scanBytes += bytesFor(statistics, {columns, rows})
  }
  if (scanBytes > ceiling)
    throw scanTooLarge({
      scanBytes,
      limitBytes: ceiling,
      tables: remote.map(({name}) => name),
    })
  return scanBytes
}

interface CostInput {
  session: WarehouseSession
  tables: readonly PublishedTable[]
  statement: SqlNode
  facts: QueryFacts
  ceiling: number
}

/** @param cap the engine's own; 0 switches it off, and nothing lifts it */
function ceilingOf(cap: number, asked: number | undefined): number {
  return Math.min(cap > 0 ? cap : Infinity, asked ?? Infinity)
}

/** Only a plain SELECT from the table itself prunes; anything cleverer is charged in full. */
function pruningOf(
  statement: SqlNode,
  table: PublishedTable,
): {filter: SqlNode; alias: string} | null {
  const from = statement.from_table
  if (statement.type !== 'SELECT_NODE' || !isNode(from) || from.type !== 'BASE_TABLE') return null
  if (textOf(from, 'table_name').toLowerCase() !== table.name.toLowerCase()) return null
  const filter = partitionFilter(statement.where_clause, table.partitionBy)
  return filter ? {filter, alias: textOf(from, 'alias') || table.name} : null
}

/** Reads one row more than asked for, to know whether there was more; the rest is never computed. */
async function firstRows(
  stream: RowStream,
  limit: number,
): Promise<{rows: Cell[][]; truncated: boolean}> {
  const rows: Cell[][] = []
  for await (const {rowCount, columns} of stream.batches) {
    for (let row = 0; row < rowCount; row++) {
      if (rows.length === limit) return {rows, truncated: true}
      rows.push(columns.map((cells) => cells[row] ?? null))
    }
  }
  return {rows, truncated: false}
}
