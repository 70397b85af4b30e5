import type {Cell, WarehouseSession} from '../../lib/ports/warehouse.js'
import {quoteText} from '../engine/scan-sql.js'
import type {QueryMode} from '../model.js'

/** A row of `_meta`: what the extractor says about a table. */
export interface ExtractedTable {
  name: string
  description: string
  rows: number | null
  sizeBytes: number | null
  /** ISO 8601, UTC, no offset, microseconds. */
  extractedAt: string | null
  queryMode: QueryMode
  sourceType: string | null
  serverOnly: boolean
  partitionBy: string | null
  clusteredBy: string[]
}

/** A row of `_remote_attach`: the engine behind the source's remote tables. */
export interface RemoteAttach {
  alias: string
  /** `''` and `duckdb` are a DuckDB file, `sqlite` an SQLite file, `bigquery` a project of BigQuery. */
  extension: string
  /** Path of the database; relative ones start at the source's folder. For BigQuery `project=ID` and more. */
  url: string
  /** Name of the environment variable with the key, or `''`. */
  tokenEnv: string
}

export interface Extract {
  tables: ExtractedTable[]
  remotes: RemoteAttach[]
  /** Definition of each view, by its name. */
  views: ReadonlyMap<string, string>
}

/** Columns of `_meta` beyond the contract's six; extractors may leave them out. */
const OPTIONAL = ['source_type', 'server_only', 'partition_by', 'clustered_by'] as const

const NAME = 'source'

/**
 * Reads `extract.duckdb` at `file` and lets it go again. Errors are the warehouse's.
 *
 * @param session an empty one in memory: an engine for each file takes longer than all there is to read.
 *   After an error it is of no more use.
 */
export async function readExtract(
  session: WarehouseSession,
  file: string,
  signal?: AbortSignal,
): Promise<Extract> {
  await session.run(`ATTACH ${quoteText(file)} AS ${NAME} (READ_ONLY)`, [], signal)
  const views = await namesIn(session, 'view_name, sql FROM duckdb_views()', signal)
  const found = await namesIn(session, 'table_name, sql FROM duckdb_tables()', signal)
  const columnsOf = async (name: string) =>
    found.has(name) || views.has(name) ? columnsIn(session, name, signal) : new Set<string>()
  const tables = await readMeta(session, await columnsOf('_meta'), signal)
  const remotes = await readRemotes(session, await columnsOf('_remote_attach'), signal)
  await session.run(`DETACH ${NAME}`)
  return {tables, remotes, views}
}

/** Names in the file's main schema, each with its definition. */
async function namesIn(
  session: WarehouseSession,
  columnsFromCatalog: string,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const rows = await session.rows(
    `SELECT ${columnsFromCatalog}
     WHERE database_name = '${NAME}' AND schema_name = 'main' AND NOT internal`,
    [],
    signal,
  )
  return new Map(rows.map(([name, text]) => [String(name), String(text)]))
}

async function columnsIn(
  session: WarehouseSession,
  table: string,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const {columns} = await session.stream(`FROM ${NAME}.main.${table} LIMIT 0`, [], signal)
  return new Set(columns.map(({name}) => name))
}

async function readMeta(
  session: WarehouseSession,
  columns: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<ExtractedTable[]> {
  if (!columns.has('table_name')) return []
  const text = (name: string) => (columns.has(name) ? `CAST(${name} AS VARCHAR)` : 'NULL')
  const whole = (name: string) => (columns.has(name) ? `TRY_CAST(${name} AS BIGINT)` : 'NULL')
  const time = columns.has('extracted_at')
    ? "strftime(TRY_CAST(extracted_at AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%f')"
    : 'NULL'
  const rows = await session.rows(
    `SELECT ${text('table_name')}, ${text('description')}, ${whole('rows')}, ${whole('size_bytes')}, ${time},
       ${text('query_mode')}, ${OPTIONAL.map(text).join(', ')}
     FROM ${NAME}.main._meta ORDER BY 1`,
    [],
    signal,
  )
  return rows.map(toTable)
}

function toTable(row: readonly Cell[]): ExtractedTable {
  const [
    name,
    description,
    rows,
    sizeBytes,
    extractedAt,
    mode,
    sourceType,
    serverOnly,
    partitionBy,
    clustered,
  ] = row
  return {
    name: String(name),
    description: textOf(description) ?? '',
    rows: rows === null || rows === undefined ? null : Number(rows),
    sizeBytes: sizeBytes === null || sizeBytes === undefined ? null : Number(sizeBytes),
    extractedAt: textOf(extractedAt),
    queryMode: mode === 'remote' || mode === 'materialized' ? mode : 'local',
    sourceType: textOf(sourceType),
    serverOnly: textOf(serverOnly) === 'true',
    partitionBy: textOf(partitionBy),
    clusteredBy: listOf(textOf(clustered)),
  }
}

async function readRemotes(
  session: WarehouseSession,
  columns: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<RemoteAttach[]> {
  if (!columns.has('alias') || !columns.has('url')) return []
  const text = (name: string) =>
    columns.has(name) ? `coalesce(CAST(${name} AS VARCHAR), '')` : "''"
  const rows = await session.rows(
    `SELECT ${['alias', 'extension', 'url', 'token_env'].map(text).join(', ')}
     FROM ${NAME}.main._remote_attach ORDER BY 1`,
    [],
    signal,
  )
  return rows.map(([alias, extension, url, tokenEnv]) => ({
    alias: String(alias),
    extension: String(extension).toLowerCase(),
    url: String(url),
    tokenEnv: String(tokenEnv),
  }))
}

function textOf(cell: Cell | undefined): string | null {
  return typeof cell === 'string' && cell !== '' ? cell : null
}

/** `a, b` and `[a, b]` alike: the column may be text or a list. */
function listOf(text: string | null): string[] {
  return (text ?? '')
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
