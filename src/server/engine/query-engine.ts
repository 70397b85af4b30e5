import type {Clock} from '../../lib/ports/clock.js'
import type {Cell, RowStream, Warehouse, WarehouseSession} from '../../lib/ports/warehouse.js'
import {ApiError} from '../api-error.js'
import type {OpenedDataStore} from '../data/open-data-store.js'
import type {PublishedTable, QueryEngine, ScanRequest} from '../model.js'
import {checkWhere, wherePrologue, withoutTerminator} from './check-where.js'
import {closeAfter} from './close-after.js'
import {toScanError} from './engine-errors.js'
import {estimateScan} from './estimate-scan.js'
import {scanTooLarge} from './query-refusals.js'
import {estimateQuery, runQuery, scanQuery} from './run-query.js'
import {resolveColumns, scanSql} from './scan-sql.js'
import {isNode, parseSql, type ParsedSql, type SqlNode} from './sql-tree.js'
import {startDeadline} from './statement-timeout.js'
import {openTableSession, viewOf, type SessionLimits} from './table-session.js'

/**
 * Reads published tables with SQL. Vocabulary: a *table session* holds exactly the tables one request
 * names; the *parser* is one more session that never sees a file. Rights come in from outside, as a set
 * of table ids; this folder never asks who the caller is. It must not build SQL from anything that has
 * not been parsed or quoted.
 */
export interface EngineLimits extends SessionLimits {
  /** For `/api/query` and samples. */
  queryTimeoutMs: number
  /** For scans, which last as long as the client takes to read them. */
  scanTimeoutMs: number
  /** Bytes one query may read on a remote engine; 0 switches the cap off. */
  maxRemoteScanBytes: number
  /** Rows one `/api/query` answer may have, whatever is asked for. */
  maxQueryRows: number
  /** Bytes of values that one such answer may have: it is made in memory. */
  maxAnswerBytes: number
  /** A `limit` above this is refused on scans. */
  maxScanRows: number
}

export const DEFAULT_LIMITS: EngineLimits = {
  memoryLimitMb: 1024,
  queryTimeoutMs: 300_000,
  scanTimeoutMs: 900_000,
  maxRemoteScanBytes: 5 * 2 ** 30,
  maxQueryRows: 1_000_000,
  maxAnswerBytes: 256 * 2 ** 20,
  maxScanRows: 10_000_000,
}

export interface QueryEngineDeps {
  warehouse: Warehouse
  store: OpenedDataStore
  clock: Clock
  limits?: Partial<EngineLimits>
}

/** A scan request checked against the table's schema. */
export interface CheckedScan {
  columns: ReturnType<typeof resolveColumns>
  where: string | null
  /** The predicate's own tree. */
  filter: SqlNode | null
}

export interface EngineParts {
  limits: EngineLimits
  store: OpenedDataStore
  clock: Clock
  parse(sql: string, signal?: AbortSignal): Promise<ParsedSql>
  open(tables: readonly PublishedTable[]): Promise<WarehouseSession>
}

export function createQueryEngine(deps: QueryEngineDeps): QueryEngine {
  const limits = {...DEFAULT_LIMITS, ...deps.limits}
  const parser = createParser(deps.warehouse)
  const parts: EngineParts = {
    limits,
    store: deps.store,
    clock: deps.clock,
    parse: parser.parse,
    open: (tables) =>
      openTableSession(deps.warehouse, {
        tables,
        remoteOf: (table) => deps.store.remoteOf(table),
        limits,
      }),
  }
  const schemas = new WeakMap<PublishedTable, Promise<Awaited<ReturnType<QueryEngine['schema']>>>>()
  const schema: QueryEngine['schema'] = (table, signal) => {
    const known = schemas.get(table)
    if (known) return known
    const asked = readSchema(parts, table, signal)
    schemas.set(table, asked)
    asked.catch(() => schemas.delete(table))
    return asked
  }
  const check = async (table: PublishedTable, request: ScanRequest, signal?: AbortSignal) => {
    const names = (await schema(table, signal)).map(({name}) => name)
    return checkScan(parts, {table, request, names}, signal)
  }

  return {
    schema,
    sample: (table, rows, signal) => readSample(parts, {table, rows}, signal),
    async estimate(table, request, signal) {
      return estimateScan(
        parts,
        {table, request, scan: await check(table, request, signal)},
        signal,
      )
    },
    async scan(table, request, signal) {
      if ((request.limit ?? 0) > limits.maxScanRows)
        throw new ApiError(400, `limit exceeds the maximum of ${limits.maxScanRows} rows`)
      const checked = {table, request, scan: await check(table, request, signal)}
      await refuseAboveCeiling(parts, checked, signal)
      return runScan(parts, checked, signal)
    },
    estimateQuery: (sql, reader, signal) => estimateQuery(parts, {sql, reader}, signal),
    scanQuery: (sql, reader, signal) => scanQuery(parts, {sql, reader}, signal),
    query: (sql, options, signal) => runQuery(parts, {sql, ...options}, signal),
    close: parser.close,
  }
}

/** One session without any file for all parsing; statements wait for one another. */
export function createParser(warehouse: Warehouse) {
  let opened: Promise<WarehouseSession> | undefined
  let last: Promise<unknown> = Promise.resolve()
  const open = () =>
    warehouse.open({path: ':memory:', access: 'write', allowedDirectories: [], threads: 1})
  return {
    parse(sql: string, signal?: AbortSignal): Promise<ParsedSql> {
      const next = last.then(async () => parseSql(await (opened ??= open()), sql, signal))
      last = next.catch(() => undefined)
      return next
    },
    async close() {
      await last
      await (await opened)?.close()
    },
  }
}

async function readSchema(parts: EngineParts, table: PublishedTable, signal?: AbortSignal) {
  return withTable(parts, table, async (session) => {
    const rows = await session.rows(`DESCRIBE SELECT * FROM ${viewOf(table)}`, [], signal)
    return rows.map(([name, type, nullable]) => ({
      name: String(name),
      type: String(type),
      nullable: nullable !== 'NO',
      description: '',
    }))
  })
}

async function readSample(
  parts: EngineParts,
  {table, rows}: {table: PublishedTable; rows: number},
  signal?: AbortSignal,
) {
  return withTable(parts, table, async (session) => {
    const deadline = startDeadline(parts.clock, parts.limits.queryTimeoutMs, signal)
    try {
      const stream = await session.stream(
        `SELECT * FROM ${viewOf(table)} LIMIT ${rows}`,
        [],
        deadline.signal,
      )
      const read: Cell[][] = []
      for await (const {rowCount, columns} of stream.batches)
        for (let row = 0; row < rowCount; row++)
          read.push(columns.map((cells) => cells[row] ?? null))
      return {columns: stream.columns, rows: read}
    } finally {
      deadline.clear()
    }
  })
}

async function withTable<T>(
  parts: EngineParts,
  table: PublishedTable,
  work: (session: WarehouseSession) => Promise<T>,
): Promise<T> {
  try {
    const session = await parts.open([table])
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  } catch (error) {
    throw toScanError(error)
  }
}

/** In the contract's order: predicate, then columns, then sorting. */
export async function checkScan(
  {parse}: Pick<EngineParts, 'parse'>,
  {table, request, names}: {table: PublishedTable; request: ScanRequest; names: readonly string[]},
  signal?: AbortSignal,
): Promise<CheckedScan> {
  // An empty predicate counts as absent, as on the reference server.
  const where = request.where ? withoutTerminator(request.where) : null
  let filter: SqlNode | null = null
  if (where !== null) {
    const sql = wherePrologue(where)
    const alone = await parse(sql.alone, signal)
    const spliced = await parse(sql.spliced, signal)
    const refused = checkWhere({text: where, alone, spliced}, {id: table.id, columns: names})
    if (refused) throw new ApiError(400, {error: 'validator_rejected', ...refused})
    const clause = spliced.outcome === 'select' ? spliced.statements[0]?.where_clause : null
    filter = isNode(clause) ? clause : null
  }
  return {columns: resolveColumns(request, names), where, filter}
}

interface CheckedRequest {
  table: PublishedTable
  request: ScanRequest
  scan: CheckedScan
}

/** The caller's own ceiling; scans have no cap of the engine (contract 4.4). */
async function refuseAboveCeiling(
  parts: EngineParts,
  checked: CheckedRequest,
  signal?: AbortSignal,
): Promise<void> {
  const limitBytes = checked.request.max_bytes ?? null
  if (limitBytes === null) return
  const {scanBytes} = await estimateScan(parts, checked, signal)
  if (scanBytes > limitBytes)
    throw scanTooLarge({scanBytes, limitBytes, tables: [checked.table.name]})
}

async function runScan(
  parts: EngineParts,
  {table, request, scan}: CheckedRequest,
  signal?: AbortSignal,
): Promise<RowStream> {
  const deadline = startDeadline(parts.clock, parts.limits.scanTimeoutMs, signal)
  let session: WarehouseSession | undefined
  const release = async () => {
    deadline.clear()
    await session?.close()
  }
  try {
    session = await parts.open([table])
    const sql = scanSql(viewOf(table), scan.columns, {
      alias: table.id,
      where: scan.where,
      limit: request.limit ?? null,
    })
    return closeAfter(await session.stream(sql, [], deadline.signal), release)
  } catch (error) {
    await release()
    throw toScanError(error)
  }
}
