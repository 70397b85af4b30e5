import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import type {PublishedTable} from '../model.js'
import {quoteName} from './scan-sql.js'
import {childNodes, isNode, withoutUnknownPlaces, type SqlNode} from './sql-tree.js'
import {viewOf} from './table-session.js'

/**
 * What a remote engine that bills by bytes would charge: the logical width of every column read, times
 * the rows of the partitions that the predicate leaves.
 */
export interface RemoteStatistics {
  rows: number
  /** Logical bytes of one row, by column in lower case. */
  widths: ReadonlyMap<string, number>
}

const SAMPLE_ROWS = 2000

/** Row count from the engine's own statistics; text widths from the first rows. */
export async function readStatistics(
  session: WarehouseSession,
  table: PublishedTable,
  signal?: AbortSignal,
): Promise<RemoteStatistics> {
  const view = viewOf(table)
  const [[count = 0] = []] = await session.rows(`SELECT count(*) FROM ${view}`, [], signal)
  const columns = await session.rows(`DESCRIBE SELECT * FROM ${view}`, [], signal)
  const averages = columns.map(
    ([name]) => `avg(length(CAST(${quoteName(String(name))} AS VARCHAR)))`,
  )
  const [measured = []] = await session.rows(
    `SELECT ${averages.join(', ')} FROM (SELECT * FROM ${view} LIMIT ${SAMPLE_ROWS})`,
    [],
    signal,
  )
  const widths = columns.map(([name, type], index): [string, number] => [
    String(name).toLowerCase(),
    columnWidth(String(type), Number(measured[index] ?? 0)),
  ])
  return {rows: Number(count), widths: new Map(widths)}
}

/** Bytes a warehouse counts for one value; text counts its length and two. */
export function columnWidth(type: string, averageLength: number): number {
  if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|U[A-Z]*INT|FLOAT|DOUBLE|DATE|TIME)/.test(type)) return 8
  if (/^(DECIMAL|HUGEINT|UHUGEINT|INTERVAL|UUID)/.test(type)) return 16
  return type === 'BOOLEAN' ? 1 : 2 + averageLength
}

/** `columns` in lower case; names the table does not have are ignored. */
export function bytesFor(
  {widths}: RemoteStatistics,
  {columns, rows}: {columns: Iterable<string> | 'all'; rows: number},
): number {
  const names = columns === 'all' ? [...widths.keys()] : [...new Set(columns)]
  const width = names.reduce((sum, name) => sum + (widths.get(name) ?? 0), 0)
  return Math.round(width * rows)
}

/** The conjuncts of a predicate that look at the partition column alone: the part that prunes. */
export function partitionFilter(where: unknown, partitionBy: string | null): SqlNode | null {
  if (!isNode(where) || partitionBy === null) return null
  const isAnd = where.class === 'CONJUNCTION' && where.type === 'CONJUNCTION_AND'
  const conjuncts = isAnd ? (where.children as SqlNode[]) : [where]
  const pruning = conjuncts.filter((node) => readsOnly(node, partitionBy.toLowerCase()))
  if (pruning.length === 0) return null
  if (pruning.length === 1) return pruning[0] ?? null
  return {...where, children: pruning}
}

function readsOnly(node: SqlNode, column: string): boolean {
  const read = columnsRead(node)
  return read.length > 0 && read.every((name) => name === column)
}

/** Lower case; a subquery counts as a column of its own, so that it never prunes. */
function columnsRead(node: SqlNode): string[] {
  if (node.class === 'SUBQUERY') return ['']
  if (node.class === 'COLUMN_REF')
    return [String((node.column_names as string[]).at(-1)).toLowerCase()]
  return childNodes(node).flatMap(columnsRead)
}

/** Rows that `filter` leaves, counted by the engine. `null` means all of them. */
export async function countPruned(
  session: WarehouseSession,
  {table, filter, alias}: {table: PublishedTable; filter: SqlNode; alias: string},
  signal?: AbortSignal,
): Promise<number> {
  const sql = `SELECT count(*) FROM ${viewOf(table)} AS ${quoteName(alias)} WHERE true`
  const [[text] = []] = await session.rows(
    'SELECT json_serialize_sql(CAST(? AS VARCHAR))',
    [sql],
    signal,
  )
  const tree = JSON.parse(withoutUnknownPlaces(String(text))) as {
    statements: {node: {where_clause: SqlNode}}[]
  }
  for (const {node} of tree.statements) node.where_clause = filter
  const [[filtered] = []] = await session.rows(
    'SELECT json_deserialize_sql(CAST(CAST(? AS VARCHAR) AS JSON))',
    [JSON.stringify(tree)],
    signal,
  )
  const [[count = 0] = []] = await session.rows(String(filtered), [], signal)
  return Number(count)
}
