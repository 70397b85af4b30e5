import {bytesText} from '../cells/amount-text.js'
import {findRow} from '../discovery/find-table.js'
import {
  AgnesError,
  ForbiddenError,
  MissingError,
  RateLimitedError,
  TooLargeError,
  UsageError,
} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {nearestNames} from '../query/nearest-names.js'
import {readCatalog, type CatalogRow} from '../wire/catalog.js'
import {readScanEstimate, type ScanBody, type ScanEstimate} from '../wire/scan.js'
import {readSchema} from '../wire/schema.js'
import {adviseOnPart, partAdvice, snapshotAdvice} from './advise-part.js'
import {estimateWhole} from './estimate-whole.js'
import {quotaError} from './quota-error.js'
import {scanShape, type ScanShape} from './scan-shape.js'
import {bareStatement} from './server-sql.js'

/** What a query would read on the server. It is never run for this. */
export interface QueryEstimate {
  source: 'server'
  server: string
  /** Always false: an estimate runs nothing. */
  executed: false
  /** The one table it reads; `null` where it reads several, or no estimate is possible. */
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
/** What a whole query is called where the form asks for a name. */
const NOT_A_TABLE = 'agnes_query'

/**
 * Asks the server what the SELECT would read: the columns it names, in the partitions its WHERE leaves.
 * Any server can be asked so about a SELECT from one table of the catalog, newer ones about every query;
 * where nobody can tell, `reason` says why.
 */
export async function estimateQuery(
  sql: string,
  http: HttpClient,
  signal: AbortSignal,
): Promise<QueryEstimate> {
  const bySelect = await estimateSelect(sql, http, signal)
  if (bySelect.table !== null) return bySelect
  const whole = await estimateWhole({sql: bareStatement(sql), name: NOT_A_TABLE}, http, signal)
  return whole === null ? bySelect : {...bySelect, ...knownOf(whole)}
}

/** The same of servers that know nothing but tables. */
export async function estimateSelect(
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
  const {estimate, isWithoutWhere} = await askAbout(shape, http, signal)
  const known = knownOf(estimate)
  return {...nothing, ...known, table: shape.table, isUpperBound: isWithoutWhere}
}

function knownOf({engine, scanBytes, costUsd}: ScanEstimate) {
  if (scanBytes !== null) return {engine, scanBytes, priceUsd: costUsd, reason: null}
  const reason = 'The server does not know what its engine would read.'
  return {engine, scanBytes, priceUsd: null, reason}
}

interface Asked {
  estimate: ScanEstimate
  isWithoutWhere: boolean
}

/** SQL names a table by its name, these routes by its id: where they differ, the catalog knows. */
async function askAbout(shape: ScanShape, http: HttpClient, signal: AbortSignal): Promise<Asked> {
  try {
    return await askById(shape, shape.table, {http, signal})
  } catch (error) {
    if (!(error instanceof MissingError)) throw explained(error, shape.table)
    const catalog = {timeoutMs: ESTIMATE_TIMEOUT_MS}
    const rows = readCatalog(
      (await http.requestJson('GET', '/api/v2/catalog', catalog, signal)).body,
    )
    const row = findRow(rows, shape.table)
    if (row && row.id !== shape.table)
      return askById(shape, row.id, {http, signal}).catch((reason: unknown) => {
        throw explained(reason, shape.table)
      })
    throw missingTable(shape.table, rows, error)
  }
}

/** A predicate the server does not accept in a scan is left out: then the answer is a bound. */
async function askById(
  {where, names, hasStar}: ScanShape,
  id: string,
  {http, signal}: {http: HttpClient; signal: AbortSignal},
): Promise<Asked> {
  const select = hasStar ? undefined : await columnsRead(names, id, {http, signal})
  const ask = async (predicate: string | null): Promise<ScanEstimate> => {
    const body: ScanBody = {
      table_id: id,
      ...(select === undefined ? {} : {select}),
      ...(predicate === null ? {} : {where: predicate}),
    }
    const request = {body, timeoutMs: ESTIMATE_TIMEOUT_MS}
    const answer = await http.requestJson('POST', '/api/v2/scan/estimate', request, signal)
    return readScanEstimate(answer.body)
  }
  try {
    return {estimate: await ask(where), isWithoutWhere: false}
  } catch (error) {
    const isRefused = error instanceof UsageError && error.details.status === 400
    if (where === null || !isRefused) throw error
    return {estimate: await ask(null), isWithoutWhere: true}
  }
}

/** A statement that names no column (`count(*)`) is asked about with the first; `undefined` for all. */
async function columnsRead(
  names: ReadonlySet<string>,
  id: string,
  {http, signal}: {http: HttpClient; signal: AbortSignal},
): Promise<string[] | undefined> {
  const path = `/api/v2/schema/${encodeURIComponent(id)}`
  const {body} = await http.requestJson('GET', path, {timeoutMs: SCHEMA_TIMEOUT_MS}, signal)
  const all = readSchema(body).columns.map(({name}) => name)
  const read = all.filter((name) => names.has(name.toLowerCase()))
  if (read.length > 0) return read
  return all.length > 0 ? all.slice(0, 1) : undefined
}

function missingTable(
  table: string,
  rows: readonly CatalogRow[],
  cause: MissingError,
): MissingError {
  const similar = nearestNames(
    table,
    rows.map(({name}) => name),
  )
  const near = similar.length === 0 ? '' : `Similar names: ${similar.join(', ')}. `
  return new MissingError(`The server has no table ${table}.`, {
    code: 'table_not_found',
    hint: `${near}See what the server has: agnes catalog`,
    details: {...cause.details, table, similar},
    cause,
  })
}

/** The refusals that these routes word in their own way. */
function explained(error: unknown, table: string): unknown {
  if (error instanceof RateLimitedError) return quotaError(error)
  if (!(error instanceof ForbiddenError)) return error
  return new ForbiddenError(`The table ${table} is not granted to you.`, {
    code: 'table_not_granted',
    hint: `Ask an administrator for access to ${table}. See what the server has for you: agnes catalog`,
    details: {...error.details, table, serverMessage: error.message},
    cause: error,
  })
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
  const shape = scanShape(bareStatement(sql))
  const names = 'names' in shape && !shape.hasStar ? shape.names : null
  const part = table === null ? null : await adviseOnPart({table, names}, http, signal)
  throw new TooLargeError(
    `The query would read ${isUpperBound ? 'up to ' : ''}${bytesText(scanBytes)}, more than the ${bytesText(maxBytes)} allowed. It was not run.`,
    {
      code: 'over_max_bytes',
      hint: part === null ? snapshotAdvice(table) : partAdvice(part, scanBytes),
      details: {scanBytes, maxBytes, table, isUpperBound},
    },
  )
}
