import type {
  OpenRemoteEngine,
  RemoteEngine,
  RemoteRows,
  TablePath,
} from '../../lib/ports/remote-engine.js'
import type {RowStream} from '../../lib/ports/warehouse.js'
import {ApiError} from '../api-error.js'
import type {BigQuerySource} from '../data/remote-source.js'
import type {
  PublishedTable,
  QueryEngine,
  QueryOptions,
  ScanEstimate,
  ScanRequest,
  SqlReader,
} from '../model.js'
import {admitBigQuery, pathText, readableSource} from './admit-bigquery.js'
import {bigQueryRefusal, type Dialect} from './bigquery-refusals.js'
import {bigQueryScanSql} from './bigquery-scan.js'
import {closeAfter} from './close-after.js'
import type {EngineParts} from './query-engine.js'
import {onlySelect, scanTooLarge} from './query-refusals.js'
import {firstRows} from './run-query.js'
import {startDeadline} from './statement-timeout.js'

export type BigQueryParts = Pick<EngineParts, 'parse' | 'store' | 'clock' | 'limits'> & {
  openBigQuery: OpenRemoteEngine
}

/** Without a cap of any kind, a statement may read twice what its dry run said, and this at least. */
const SLACK_BYTES = 100 * 2 ** 20

/**
 * The same engine, with the tables of BigQuery sources in it. Two barriers stand before every statement:
 * admission on our own parser's tree, and BigQuery's own list of what the dry run would read. The ceiling
 * goes along as `maximumBytesBilled`.
 */
export function withBigQuery(local: QueryEngine, parts: BigQueryParts): QueryEngine {
  const engines = new WeakMap<BigQuerySource, Promise<RemoteEngine>>()
  const engineOf = (source: BigQuerySource) => {
    const known = engines.get(source)
    if (known) return known
    const opened = parts.openBigQuery(source.options)
    engines.set(source, opened)
    opened.catch(() => engines.delete(source))
    return opened
  }
  return {...local, ...tableReads(local, parts, engineOf), ...wholeQueries(local, parts, engineOf)}
}

type EngineOf = (source: BigQuerySource) => Promise<RemoteEngine>

/** What is asked of one table by its id. */
function tableReads(
  local: QueryEngine,
  parts: BigQueryParts,
  engineOf: EngineOf,
): Pick<QueryEngine, 'schema' | 'sample' | 'estimate' | 'scan'> {
  const open = async (table: PublishedTable): Promise<(Running & {path: TablePath}) | null> => {
    const source = readableSource(parts.store, table)
    const path = source?.paths.get(table.name)
    if (!source || !path) return null
    return {parts, engine: await engineOf(source), source, tables: [table], dialect: 'scan', path}
  }
  const columnsOf = async (place: Running & {path: TablePath}, signal?: AbortSignal) =>
    (await named(place, 0, () => place.engine.table(place.path, signal))).columns
  const sqlOf = async (
    place: Running & {path: TablePath},
    {table, request}: {table: PublishedTable; request: ScanRequest},
    signal?: AbortSignal,
  ) => {
    const names = (await columnsOf(place, signal)).map(({name}) => name)
    return bigQueryScanSql(parts, {table, path: place.path, request, names}, signal)
  }
  return {
    async schema(table, signal) {
      const place = await open(table)
      if (!place) return local.schema(table, signal)
      return (await columnsOf(place, signal)).map(({name, typeText, isNullable, description}) => ({
        ...{name, type: typeText, nullable: isNullable, description},
      }))
    },
    async sample(table, rows, signal) {
      const place = await open(table)
      if (!place) return local.sample(table, rows, signal)
      const stream = await named(place, 0, () => headOf(place, {path: place.path, rows}, signal))
      return {
        columns: stream.columns,
        ...(await firstRows(stream, rows, parts.limits.maxAnswerBytes)),
      }
    },
    async estimate(table, request, signal) {
      const place = await open(table)
      if (!place) return local.estimate(table, request, signal)
      return estimateOf(place, await sqlOf(place, {table, request}, signal), signal)
    },
    async scan(table, request, signal) {
      const place = await open(table)
      if (!place) return local.scan(table, request, signal)
      if ((request.limit ?? 0) > parts.limits.maxScanRows)
        throw new ApiError(400, `limit exceeds the maximum of ${parts.limits.maxScanRows} rows`)
      const sql = await sqlOf(place, {table, request}, signal)
      return streamOf(place, {sql, ceiling: request.max_bytes ?? capOf(parts)}, signal)
    },
  }
}

/** What is asked in SQL. */
function wholeQueries(
  local: QueryEngine,
  parts: BigQueryParts,
  engineOf: EngineOf,
): Pick<QueryEngine, 'estimateQuery' | 'scanQuery' | 'query'> {
  const open = async (sql: string, reader: SqlReader, signal?: AbortSignal) => {
    const statement = await admitBigQuery(parts, {sql, reader}, signal)
    if (!statement) return null
    const engine = await engineOf(statement.source)
    return {...statement, parts, engine, dialect: 'query' as const}
  }
  return {
    async estimateQuery(sql, reader, signal) {
      const place = await open(sql, reader, signal)
      return place ? estimateOf(place, place.sql, signal) : local.estimateQuery(sql, reader, signal)
    },
    async scanQuery(sql, reader, signal) {
      const place = await open(sql, reader, signal)
      if (!place) return local.scanQuery(sql, reader, signal)
      const ceiling = reader.maxBytes ?? capOf(parts)
      return streamOf(place, {sql: place.sql, ceiling}, signal)
    },
    async query(sql, options, signal) {
      const place = await open(sql, options, signal)
      if (!place) return local.query(sql, options, signal)
      return answerOf(place, {sql: place.sql, options}, signal)
    },
  }
}

interface Running {
  parts: BigQueryParts
  engine: RemoteEngine
  source: BigQuerySource
  tables: readonly PublishedTable[]
  dialect: Dialect
}

/** The engine's own cap; 0 switches it off. */
function capOf({limits}: BigQueryParts): number {
  return limits.maxRemoteScanBytes > 0 ? limits.maxRemoteScanBytes : Infinity
}

async function named<T>(
  {dialect, tables}: Running,
  maxBytes: number,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw bigQueryRefusal(error, {dialect, tables: tables.map(({name}) => name), maxBytes})
  }
}

/** What a dry run says, once it is known to read nothing but the tables that were admitted. */
async function dryRun(running: Running, sql: string, signal?: AbortSignal): Promise<number> {
  const {engine, tables, source} = running
  const {scanBytes, statementType, tables: read} = await engine.estimate(sql, signal)
  if (statementType !== 'SELECT') throw onlySelect(`BigQuery calls it ${statementType}`)
  const paths = tables.map(({name}) => source.paths.get(name)!)
  const admitted = new Set(paths.map(pathText))
  const [other] = read.filter((path) => !admitted.has(path))
  if (other !== undefined && !(await hasView(engine, paths, signal)))
    throw new ApiError(403, {
      reason: 'bq_path_not_registered',
      path: `\`${other}\``,
      hint: 'Use the names that `agnes catalog` lists.',
    })
  return scanBytes
}

/** What a view reads is named as well: that is the view's own affair. */
async function hasView(
  engine: RemoteEngine,
  paths: readonly TablePath[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (const path of paths) if ((await engine.table(path, signal)).kind !== 'TABLE') return true
  return false
}

async function estimateOf(
  running: Running,
  sql: string,
  signal?: AbortSignal,
): Promise<ScanEstimate> {
  const scanBytes = await named(running, 0, () => dryRun(running, sql, signal))
  return {scanBytes, resultRows: null, resultBytes: null, engine: 'bigquery'}
}

/** Refused above the ceiling by us, with the numbers, and by BigQuery, whatever we know. */
async function run(
  running: Running,
  {sql, ceiling}: {sql: string; ceiling: number},
  signal?: AbortSignal,
): Promise<RemoteRows> {
  const {tables, engine} = running
  const scanBytes = await dryRun(running, sql, signal)
  if (scanBytes > ceiling)
    throw scanTooLarge({scanBytes, limitBytes: ceiling, tables: tables.map(({name}) => name)})
  const maxBytes = Number.isFinite(ceiling) ? ceiling : Math.max(2 * scanBytes, SLACK_BYTES)
  return engine.run(sql, {maxBytes}, signal)
}

async function streamOf(
  running: Running,
  {sql, ceiling}: {sql: string; ceiling: number},
  signal?: AbortSignal,
): Promise<RowStream> {
  const {clock, limits} = running.parts
  const deadline = startDeadline(clock, limits.scanTimeoutMs, signal)
  try {
    const rows = await named(running, ceiling, () => run(running, {sql, ceiling}, deadline.signal))
    return closeAfter(rows, async () => deadline.clear())
  } catch (error) {
    deadline.clear()
    throw error
  }
}

async function answerOf(
  running: Running,
  {sql, options}: {sql: string; options: QueryOptions},
  signal?: AbortSignal,
): Promise<Awaited<ReturnType<QueryEngine['query']>>> {
  const {clock, limits} = running.parts
  const slot = options.enterRemote?.()
  const deadline = startDeadline(clock, limits.queryTimeoutMs, signal)
  try {
    const ceiling = Math.min(capOf(running.parts), options.maxBytes ?? Infinity)
    const limit = Math.min(options.limit, limits.maxQueryRows)
    return await named(running, ceiling, async () => {
      const rows = await run(running, {sql, ceiling}, deadline.signal)
      const {bytesScanned, columns} = rows
      slot?.charge(bytesScanned)
      return {columns, ...(await firstRows(rows, limit, limits.maxAnswerBytes)), bytesScanned}
    })
  } finally {
    deadline.clear()
    slot?.release()
  }
}

/** Rows of a table are free to look at; a view has to be run. */
async function headOf(
  {engine, parts}: Running,
  {path, rows}: {path: TablePath; rows: number},
  signal?: AbortSignal,
): Promise<{columns: RowStream['columns']; batches: RowStream['batches']}> {
  const {kind} = await engine.table(path, signal)
  if (kind === 'TABLE') return engine.head(path, rows, signal)
  const maxBytes = Math.min(capOf(parts), 5 * 2 ** 30)
  return engine.run(`SELECT * FROM \`${pathText(path)}\` LIMIT ${rows}`, {maxBytes}, signal)
}
