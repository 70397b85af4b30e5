import type {TablePath} from '../../lib/ports/remote-engine.js'
import {ApiError} from '../api-error.js'
import type {BigQuerySource} from '../data/remote-source.js'
import type {OpenedDataStore} from '../data/open-data-store.js'
import type {PublishedTable, SqlReader} from '../model.js'
import {RemoteUnavailable} from './engine-errors.js'
import {checkQuery, type TableReference} from './check-query.js'
import type {EngineParts} from './query-engine.js'
import {accessDenied, missingTable, onlySelect, queryError} from './query-refusals.js'
import {readBothWays} from './bigquery-text.js'
import {childNodes, isNode, textOf, type SqlNode} from './sql-tree.js'

/** A SELECT over tables of one BigQuery source that the reader may read, ready to be sent. */
export interface BigQueryStatement {
  sql: string
  source: BigQuerySource
  tables: readonly PublishedTable[]
}

/** Groups of BigQuery's own functions; any other dotted name is a function that somebody has stored there. */
const OWN_FUNCTIONS = /^(?:|main|safe|net|hll_count|kll_quantiles|keys|aead)$/i

/**
 * Admission and rights for SQL that belongs to BigQuery: catalog names become common table expressions
 * over the tables they stand for, full paths between backticks must be registered ones. `null` where no
 * table of BigQuery is named; then the statement is the local engine's.
 */
export async function admitBigQuery(
  {parse, store}: Pick<EngineParts, 'parse' | 'store'>,
  {sql, reader}: {sql: string; reader: SqlReader},
  signal?: AbortSignal,
): Promise<BigQueryStatement | null> {
  const both = readBothWays(sql)
  const hasPath = sql.includes('`')
  if ('problem' in both) {
    if (hasPath || (await namesBigQuery({parse, store}, sql, signal))) throw refused(both.problem)
    return null
  }
  const parsed = await parse(both.parser, signal)
  if (parsed.outcome === 'syntax_error' && hasPath)
    throw queryError(`Parser Error: ${parsed.message}`, sql, parsed.position)
  if (parsed.outcome !== 'select' || parsed.statements.length !== 1) return null
  const facts = checkQuery(parsed.statements[0]!)
  const found = facts.tables.map((reference) => resolve(store, reference))
  const inBigQuery = found.filter((one) => one !== null && one.source !== null)
  if (inBigQuery.length === 0) return null
  if (!/^\s*(select|with)\b/i.test(both.bigQuery)) throw onlySelect()
  if (facts.refused.length > 0) throw onlySelect(`${facts.refused[0]} may not be used here`)
  const foreign = foreignName(parsed.statements[0]!)
  if (foreign !== null) throw onlySelect(`${foreign} may not be used here`)
  const unknown = found.indexOf(null)
  if (unknown >= 0) throw missingTable(sql, facts.tables[unknown]!)
  const tables = [...new Set(found.flatMap((one) => (one ? [one.table] : [])))]
  for (const table of tables)
    if (!reader.isAdmin && !reader.allowed.has(table.id)) throw accessDenied(table.name)
  const [first] = inBigQuery
  const isMixed = found.some((one) => one?.source !== first!.source)
  if (isMixed) throw crossSource(tables)
  const byName = found.flatMap((one) => (one && !one.isPath ? [one.table] : []))
  return {
    sql: withTables(both.bigQuery, [...new Set(byName)], first!.source!.paths),
    source: first!.source!,
    tables,
  }
}

/**
 * A stored function runs with the rights of the server, whatever it reads or calls. A common table
 * expression whose name is a path is for our parser what BigQuery may take for the table itself.
 */
function foreignName(node: SqlNode): string | null {
  if (node.class === 'FUNCTION' || node.class === 'WINDOW') {
    const [catalog, schema] = [textOf(node, 'catalog'), textOf(node, 'schema')]
    const name = textOf(node, 'function_name')
    if (!['', 'system'].includes(catalog) || !OWN_FUNCTIONS.test(schema) || /\w\.|\.\w/.test(name))
      return [catalog, schema, name].filter((part) => part !== '').join('.')
  }
  const map = isNode(node.cte_map) ? node.cte_map.map : undefined
  for (const {key} of Array.isArray(map) ? (map as {key: string}[]) : [])
    if (key.includes('.')) return key
  for (const child of childNodes(node)) {
    const found = foreignName(child)
    if (found !== null) return found
  }
  return null
}

/** SQL that cannot be read in both ways may still be none of BigQuery's business. */
async function namesBigQuery(
  {parse, store}: Pick<EngineParts, 'parse' | 'store'>,
  sql: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const parsed = await parse(sql, signal)
  if (parsed.outcome !== 'select') return false
  const references = parsed.statements.flatMap((statement) => checkQuery(statement).tables)
  return references.some((reference) => {
    const found = resolve(store, reference)
    return found !== null && found.source !== null
  })
}

interface Resolved {
  table: PublishedTable
  /** `null` for a table that is not in BigQuery. */
  source: BigQuerySource | null
  isPath: boolean
}

/** `null` for a name that is no table; the engine that runs the statement says so. */
function resolve(store: OpenedDataStore, {catalog, schema, name}: TableReference): Resolved | null {
  if (catalog !== '' || !['', 'main'].includes(schema.toLowerCase())) return null
  const lower = name.toLowerCase()
  const table = store.tables().find((known) => known.name.toLowerCase() === lower)
  if (table) return {table, source: readableSource(store, table), isPath: false}
  if (!name.includes('.')) return null
  for (const candidate of store.tables()) {
    const source = sourceOf(store, candidate)
    const path = source?.paths.get(candidate.name)
    if (path && pathText(path) === name) return {table: candidate, source, isPath: true}
  }
  throw new ApiError(403, {
    reason: 'bq_path_not_registered',
    path: `\`${name}\``,
    hint: 'Use the name that `agnes catalog` lists, or have the table registered.',
  })
}

/** As `sourceOf`; a table of BigQuery whose view is not plain is `RemoteUnavailable`: nothing here can run it. */
export function readableSource(
  store: OpenedDataStore,
  table: PublishedTable,
): BigQuerySource | null {
  const {bigQuery = null, attachments = []} = store.remoteOf(table) ?? {}
  if (bigQuery === null || bigQuery.paths.has(table.name)) return bigQuery
  if (attachments.length > 0) return null
  throw new RemoteUnavailable(
    table.name,
    `The view ${table.name} is no plain SELECT * FROM one table of BigQuery, so it cannot be read.`,
  )
}

function sourceOf(store: OpenedDataStore, table: PublishedTable): BigQuerySource | null {
  const source = store.remoteOf(table)?.bigQuery
  return source?.paths.has(table.name) ? source : null
}

export function pathText({project, dataset, table}: TablePath): string {
  return `${project}.${dataset}.${table}`
}

/** The person's own text stays as it is, behind one line of ours. */
function withTables(
  sql: string,
  tables: readonly PublishedTable[],
  paths: ReadonlyMap<string, TablePath>,
): string {
  if (tables.length === 0) return sql
  const made = tables.map(
    ({name}) => `\`${name}\` AS (SELECT * FROM \`${pathText(paths.get(name)!)}\`)`,
  )
  const [, recursive = '', rest] = /^\s*with\s+(recursive\s+)?([\s\S]*)$/i.exec(sql) ?? []
  if (rest === undefined) return `WITH ${made.join(', ')}\n${sql}`
  return `WITH ${recursive}${made.join(', ')},\n${rest}`
}

function refused(problem: string): ApiError {
  return new ApiError(
    400,
    `Query error: BigQuery and this server would read it differently. ${problem}`,
  )
}

function crossSource(tables: readonly PublishedTable[]): ApiError {
  return new ApiError(400, {
    reason: 'remote_cross_source_unsupported',
    engine: 'bigquery',
    tables: tables.map(({name}) => name),
    message:
      'A query runs in one engine: tables of BigQuery cannot be joined with others on the server.',
    hint: 'Register the part that is in BigQuery and join it on your computer: agnes query --register "ALIAS=SQL" "SELECT ..."',
  })
}
