import {AgnesError, MissingError, TooLargeError, UsageError} from '../errors.js'
import {bytesText} from '../cells/amount-text.js'
import type {HttpClient} from '../ports/http-client.js'
import {wholeNumber} from '../wire/query.js'
import {scanShape, type ScanShape} from './scan-shape.js'
import {bareStatement} from './server-sql.js'

/** What a query would read on the server. It is never run for this. */
export interface QueryEstimate {
  source: 'server'
  server: string
  /** Always false: an estimate runs nothing. */
  executed: false
  /** The one table it reads; `null` where no estimate is possible. */
  table: string | null
  /** The server's engine for that table, where it says so. */
  engine: string | null
  /** `null` when not known: see `reason`. Never a stand-in for 0. */
  scanBytes: number | null
  /** The server's own price in US dollars; `null` when not known. */
  priceUsd: number | null
  /** True when it reads this much at most, and perhaps less. */
  isUpperBound: boolean
  /** Why there is no number; `null` where there is one. */
  reason: string | null
}

const SCHEMA_TIMEOUT_MS = 30_000
const ESTIMATE_TIMEOUT_MS = 120_000

/**
 * Asks the server what the SELECT would read: the columns it names, in the partitions its WHERE leaves.
 * Only a SELECT from one table of the catalog can be asked about; anything else says why not.
 */
export async function estimateQuery(
  sql: string,
  http: HttpClient,
  signal: AbortSignal,
): Promise<QueryEstimate> {
  const nothing: QueryEstimate = {
    source: 'server',
    server: http.origin,
    executed: false,
    table: null,
    engine: null,
    scanBytes: null,
    priceUsd: null,
    isUpperBound: false,
    reason: null,
  }
  const shape = scanShape(bareStatement(sql))
  if ('reason' in shape)
    return {...nothing, reason: `The query cannot be estimated: ${shape.reason}.`}
  const select = await columnsOf(shape, http, signal)
  const {answer, isWithoutWhere} = await askEstimate(shape, select, {http, signal})
  const scanBytes = wholeNumber(answer.estimated_scan_bytes)
  return {
    ...nothing,
    table: shape.table,
    engine: typeof answer.engine === 'string' ? answer.engine : null,
    scanBytes,
    priceUsd: scanBytes === null ? null : wholeNumber(answer.bq_cost_estimate_usd),
    isUpperBound: isWithoutWhere,
    reason: scanBytes === null ? 'The server does not know what its engine would read.' : null,
  }
}

/** `undefined` for all. A statement that names no column (`count(*)`) is asked about with its first. */
async function columnsOf(
  {table, names, hasStar}: ScanShape,
  http: HttpClient,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  if (hasStar) return undefined
  const path = `/api/v2/schema/${encodeURIComponent(table)}`
  const {body} = await named(table, () =>
    http.requestJson('GET', path, {timeoutMs: SCHEMA_TIMEOUT_MS}, signal),
  )
  const {columns} = (body ?? {}) as {columns?: unknown}
  if (!Array.isArray(columns)) return undefined
  const all = columns.map(({name}: {name?: unknown}) => String(name))
  const read = all.filter((name) => names.has(name.toLowerCase()))
  return read.length > 0 ? read : all.slice(0, 1)
}

/** A predicate the server does not accept in a scan is left out: then the answer is a bound. */
async function askEstimate(
  {table, where}: ScanShape,
  select: string[] | undefined,
  {http, signal}: {http: HttpClient; signal: AbortSignal},
): Promise<{answer: Record<string, unknown>; isWithoutWhere: boolean}> {
  const ask = async (predicate: string | null) => {
    const body = {
      table_id: table,
      ...(select === undefined ? {} : {select}),
      ...(predicate === null ? {} : {where: predicate}),
    }
    const request = {body, timeoutMs: ESTIMATE_TIMEOUT_MS, lossless: true}
    const {body: answer} = await named(table, () =>
      http.requestJson('POST', '/api/v2/scan/estimate', request, signal),
    )
    return (answer ?? {}) as Record<string, unknown>
  }
  try {
    return {answer: await ask(where), isWithoutWhere: false}
  } catch (error) {
    if (where === null || !(error instanceof UsageError) || error.details.status !== 400)
      throw error
    return {answer: await ask(null), isWithoutWhere: true}
  }
}

/** The v2 routes answer 404 for a name in a path; the table is what is missing. */
async function named<T>(table: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    throw new MissingError(`The server knows no table ${table}: ${error.message}`, {
      code: 'table_not_found',
      hint: 'See what the server has: agnes catalog',
      details: {...error.details, table},
      cause: error,
    })
  }
}

/**
 * Refuses before anything runs when the server would read more than `maxBytes`.
 * @returns a warning where the server cannot tell beforehand; then its own cap is the only one
 */
export async function guardBytes(
  sql: string,
  {http, maxBytes}: {http: HttpClient; maxBytes: number},
  signal: AbortSignal,
): Promise<string | undefined> {
  const estimate = await estimateQuery(sql, http, signal).catch((error: unknown) => {
    if (!(error instanceof AgnesError) || error.exitCode !== 5) throw error
    return {scanBytes: null, reason: error.message, table: null, isUpperBound: false}
  })
  const {scanBytes, table, isUpperBound, reason} = estimate
  if (scanBytes === null)
    return `${reason} The limit of ${bytesText(maxBytes)} went with the query, but only the server's own cap is sure to hold.`
  if (scanBytes <= maxBytes) return undefined
  throw new TooLargeError(
    `The query would read ${isUpperBound ? 'up to ' : ''}${bytesText(scanBytes)}, more than the ${bytesText(maxBytes)} allowed. It was not run.`,
    {
      code: 'over_max_bytes',
      hint: snapshotAdvice(table),
      details: {scanBytes, maxBytes, table, isUpperBound},
    },
  )
}

/** What to do about a table that costs too much to ask as a whole. */
export function snapshotAdvice(table: string | null): string {
  return `Name fewer columns and filter by the partition column, or keep the part you need here: agnes snapshot create ${table ?? 'TABLE'} --select COLUMNS --where PREDICATE --estimate`
}
