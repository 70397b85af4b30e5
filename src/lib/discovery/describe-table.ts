import {ServerError, type AgnesError} from '../errors.js'
import {
  readSample,
  readSchema,
  type SchemaColumn,
  type TableSchema,
  type TableSample,
} from '../wire/schema.js'
import type {CatalogRow} from '../wire/catalog.js'
import {isBearable} from './ask-server.js'
import {askAboutTable, findRow, rowsIfAny, segment, unansweredTable} from './find-table.js'
import {withLocalFacts, type CatalogTable} from './list-tables.js'
import {withLocalTable} from './local-session.js'
import type {Discovery} from './open-discovery.js'
import {localRows, serverRows, type SampleRows} from './sample-rows.js'

/** A table as the server and this computer know it together. Texts of the server are as sent. */
export interface TableDescription {
  /** Names it in paths of the server. */
  id: string
  /** Names it in SQL. */
  name: string
  description: string | null
  /** Origin; `null` when none is known. */
  server: string | null
  /** Absolute; `null` outside a workspace. */
  workspace: string | null
  /** ISO 8601, our clock. */
  checkedAt: string
  /** Where the columns come from. */
  columnsFrom: 'server' | 'memory' | 'local'
  /** When the server said so, if not now; `null` unless `columnsFrom` is `memory`. */
  cached: {fetchedAt: string} | null
  columns: SchemaColumn[]
  sourceType: string | null
  queryMode: string | null
  /** Dialect of a condition the server is given; a query on this computer is always DuckDB's. */
  sqlFlavor: string | null
  whereDialectHints: Record<string, string>
  whereExamples: string[]
  partitionBy: string | null
  clusteredBy: string[]
  /** As the server knows it, for remote tables. */
  rows: number | null
  sizeBytes: number | null
  local: CatalogTable['local']
  notLocalBecause: CatalogTable['notLocalBecause']
  /** Commands that answer questions about it, best first. */
  commands: string[]
  /** `null` when not asked for, or not to be had. */
  sample: SampleRows | null
}

export interface DescribeRequest {
  /** Id or name, in any case. */
  typed: string
  /** Rows to show; 0 for columns only. */
  rows: number
  /** Rows that cannot be had are a failure, not a notice. */
  mustHaveRows?: boolean
}

interface Known {
  typed: string
  row: CatalogRow | undefined
  rows: readonly CatalogRow[]
}

/** The most a server gives. */
const MAX_SERVER_ROWS = 100

/**
 * Columns from the server, or from memory of it, or from the files here; rows from the files here, or
 * from the server. `ForbiddenError` where the server says so, whatever lies here.
 */
export async function describeTable(
  request: DescribeRequest,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableDescription> {
  const {rows, rowsAt, problem: catalogProblem} = await rowsIfAny(discovery, signal)
  const table: Known = {typed: request.typed, row: findRow(rows, request.typed), rows}
  const name = table.row?.name ?? nameHere(discovery, request.typed)
  const said = await schemaIfAny(table, discovery, signal)
  const needsLocal = request.rows > 0 || said.schema === null
  const here = needsLocal
    ? await withLocalTable(name, discovery, (open) => localRows(open, request.rows, signal), signal)
    : undefined
  if (said.schema === null && here === undefined)
    throw unansweredTable(table, {error: said.problem, rowsAt}, discovery)
  noteProblem(discovery, said.problem ?? catalogProblem)
  const columns = said.schema?.columns ?? (here?.columns ?? []).map(localColumn)
  if (said.schema && here?.from === 'pulled')
    noteChangedColumns(discovery, {name, server: columns, here})
  const sample =
    request.rows === 0
      ? null
      : (here ?? (await sampleIfAny(request, {...table, columns}, discovery, signal)))
  return join({...table, name}, {...said, columns, sample}, discovery)
}

async function schemaIfAny(
  table: Known,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<{
  schema: TableSchema | null
  cached: {fetchedAt: string} | null
  problem: AgnesError | null
}> {
  const question = (id: string) => ({
    path: `/api/v2/schema/${segment(id)}`,
    cacheKey: `schema ${id}`,
  })
  try {
    const {body, cached} = await askAboutTable(table, question, discovery, signal)
    return {schema: readSchema(body), cached, problem: null}
  } catch (error) {
    if (!isBearable(error)) throw error
    return {schema: null, cached: null, problem: error}
  }
}

async function sampleIfAny(
  request: DescribeRequest,
  table: Known & {columns: readonly SchemaColumn[]},
  discovery: Discovery,
  signal: AbortSignal,
): Promise<SampleRows | null> {
  const count = Math.min(request.rows, MAX_SERVER_ROWS)
  if (count < request.rows)
    discovery.notices.push(`A server gives ${MAX_SERVER_ROWS} rows at most.`)
  try {
    return serverRows(await readServerSample(table, count, discovery, signal), table.columns)
  } catch (error) {
    if (request.mustHaveRows || !isBearable(error)) throw error
    discovery.notices.push(`Rows are missing: ${error.message}`)
    return null
  }
}

/** Rows as the server sends them, exact. */
export async function readServerSample(
  table: Known,
  count: number,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableSample> {
  const question = (id: string) => ({
    path: `/api/v2/sample/${segment(id)}`,
    cacheKey: null,
    request: {query: {n: count}, lossless: true},
  })
  try {
    return readSample((await askAboutTable(table, question, discovery, signal)).body)
  } catch (error) {
    if (!(error instanceof ServerError) || error.details.status !== 500) throw error
    throw new ServerError(error.message, {
      code: 'sample_failed',
      hint: 'Servers fail so for tables with lists or binary columns, and before the first synchronisation. Pull the table, or ask for some columns with agnes query.',
      details: error.details,
      cause: error,
    })
  }
}

/** The pulled table's own spelling. */
function nameHere({state}: Discovery, typed: string): string {
  const folded = typed.toLowerCase()
  return [...state.tables.keys()].find((name) => name.toLowerCase() === folded) ?? typed
}

function localColumn({name, type}: {name: string; type: string | null}): SchemaColumn {
  return {name, type: type ?? '', nullable: null, description: null}
}

function noteProblem(discovery: Discovery, problem: AgnesError | null): void {
  if (problem) discovery.notices.push(`The server's facts are missing: ${problem.message}`)
}

function noteChangedColumns(
  discovery: Discovery,
  {name, server, here}: {name: string; server: readonly SchemaColumn[]; here: SampleRows},
): void {
  const known = new Set(here.columns.map((column) => column.name.toLowerCase()))
  const isSame =
    server.length === known.size && server.every((column) => known.has(column.name.toLowerCase()))
  if (!isSame)
    discovery.notices.push(
      `The columns of ${name} here are not those of the server. Bring it up to date: agnes pull`,
    )
}

async function join(
  {typed, row, name}: Known & {name: string},
  said: Awaited<ReturnType<typeof schemaIfAny>> & {
    columns: SchemaColumn[]
    sample: SampleRows | null
  },
  discovery: Discovery,
): Promise<TableDescription> {
  const {schema, cached, columns, sample} = said
  const [facts] = await withLocalFacts([row ?? unlistedRow(typed, name)], discovery)
  const {local, notLocalBecause, commands} = facts!
  const isListed = row !== undefined
  return {
    id: row?.id ?? schema?.tableId ?? typed,
    name,
    description: row?.description ?? null,
    server: discovery.origin,
    workspace: discovery.workspace?.root ?? null,
    checkedAt: new Date(discovery.surroundings.clock.now()).toISOString(),
    columnsFrom: schema === null ? 'local' : cached ? 'memory' : 'server',
    cached,
    columns,
    sourceType: schema?.sourceType ?? row?.sourceType ?? null,
    queryMode: row?.queryMode ?? null,
    sqlFlavor: schema?.sqlFlavor ?? row?.sqlFlavor ?? null,
    whereDialectHints: schema?.whereDialectHints ?? {},
    whereExamples: row?.whereExamples ?? [],
    partitionBy: schema?.partitionBy ?? row?.partitionBy ?? null,
    clusteredBy: schema?.clusteredBy.length ? schema.clusteredBy : (row?.clusteredBy ?? []),
    rows: row?.rows ?? null,
    sizeBytes: row?.sizeBytes ?? null,
    local: local && {...local, rows: local.rows ?? sample?.totalRows ?? null},
    notLocalBecause,
    // What no list names can only be asked for where it lies.
    commands: [...(isListed || local ? commands : []), ...commandsHere(name, sample)],
    sample,
  }
}

function commandsHere(name: string, sample: SampleRows | null): string[] {
  const isHere = sample?.from === 'snapshot' || sample?.from === 'own'
  return isHere && /^[A-Za-z_]\w*$/.test(name) ? [`agnes query "FROM ${name} LIMIT 10"`] : []
}

function unlistedRow(id: string, name: string): CatalogRow {
  return {
    id,
    name,
    description: null,
    sourceType: null,
    queryMode: 'local',
    serverOnly: false,
    sqlFlavor: null,
    whereExamples: [],
    fetchVia: null,
    roughSize: null,
    rows: null,
    sizeBytes: null,
    partitionBy: null,
    clusteredBy: [],
    entityType: null,
    metadataFreshness: null,
  }
}
