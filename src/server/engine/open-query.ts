import type {RowStream, WarehouseSession} from '../../lib/ports/warehouse.js'
import type {PublishedTable, SqlReader} from '../model.js'
import {checkQuery, type QueryFacts, type TableReference} from './check-query.js'
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

/** A SELECT that passed admission and rights; nothing has been read for it yet. */
export interface AdmittedQuery {
  sql: string
  statement: SqlNode
  facts: QueryFacts
  tables: readonly PublishedTable[]
  isRemote: boolean
}

/** One SELECT over tables the reader may read. `ApiError` 400 for the SQL, 403 for the tables. */
export async function admitQuery(
  parts: EngineParts,
  {sql, reader}: {sql: string; reader: SqlReader},
  signal?: AbortSignal,
): Promise<AdmittedQuery> {
  const {statement, facts} = await admit(parts, sql, signal)
  const tables = facts.tables.map((reference) => resolveTable(parts, reference, {sql, ...reader}))
  const isRemote = tables.some(({queryMode}) => queryMode === 'remote')
  return {sql, statement, facts, tables: [...new Set(tables)], isRemote}
}

/**
 * Bytes a remote engine reads for the statement; `null` when all is local.
 * `ApiError` 400 (`remote_scan_too_large`) above the ceiling.
 */
export async function costOfQuery(
  {session, query, ceiling}: {session: WarehouseSession; query: AdmittedQuery; ceiling: number},
  signal?: AbortSignal,
): Promise<number | null> {
  const {statement, facts, tables} = query
  const remote = tables.filter(({queryMode}) => queryMode === 'remote')
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
    throw scanTooLarge({scanBytes, limitBytes: ceiling, tables: remote.map(({name}) => name)})
  return scanBytes
}

/** The rows of an admitted query, once its cost is known to be below the ceiling. */
export async function streamQuery(
  {session, query, ceiling}: {session: WarehouseSession; query: AdmittedQuery; ceiling: number},
  signal: AbortSignal,
): Promise<{stream: RowStream; bytesScanned: number | null}> {
  const bytesScanned = await costOfQuery({session, query, ceiling}, signal)
  return {bytesScanned, stream: await session.stream(query.sql, [], signal)}
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
  {sql, allowed, isAdmin}: SqlReader & {sql: string},
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
