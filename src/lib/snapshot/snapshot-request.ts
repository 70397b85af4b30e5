import {MissingError, RateLimitedError, TooLargeError, UsageError} from '../errors.js'
import {findRow} from '../discovery/find-table.js'
import type {HttpClient} from '../ports/http-client.js'
import {nearestName} from '../nearest-name.js'
import {adviseOnPart, partAdvice} from '../remote/advise-part.js'
import {quotaError} from '../remote/quota-error.js'
import {checkWhere} from '../where/check-where.js'
import {explainRefusal} from '../where/explain-refusal.js'
import {readCatalog} from '../wire/catalog.js'
import type {ScanBody} from '../wire/scan.js'
import {readSchema} from '../wire/schema.js'
import type {SnapshotRecipe} from './snapshot-record.js'

const ANSWER_MS = 120_000

/** What the server is asked for; unset fields are left out. */
export function scanBody(recipe: SnapshotRecipe, name: string): ScanBody {
  const {table, select, where, limit, orderBy, fromQuery} = recipe
  if (fromQuery !== null) return {table_id: name, from_query: fromQuery, as: name}
  return {
    table_id: table,
    ...(select ? {select} : {}),
    ...(where === null ? {} : {where}),
    ...(limit === null ? {} : {limit}),
    ...(orderBy ? {order_by: orderBy} : {}),
  }
}

/** Finds mistakes before anything is estimated or fetched. The schema is asked for only when it can help. */
export async function checkRecipe(
  http: HttpClient,
  {table, select, where, orderBy, fromQuery}: SnapshotRecipe,
  signal: AbortSignal,
): Promise<void> {
  if (fromQuery !== null) return
  if (where !== null) checkWhere(where, {flavor: null, columns: null})
  if (where === null && !select && !orderBy) return
  const path = `/api/v2/schema/${encodeURIComponent(table)}`
  const answer = await askAboutTable(http, table, {path}, signal)
  const schema = readSchema(answer)
  const columns = schema.columns.map((column) => column.name)
  const flavor =
    schema.sqlFlavor === 'bigquery' || schema.sqlFlavor === 'duckdb' ? schema.sqlFlavor : null
  if (where !== null) checkWhere(where, {flavor, columns})
  const known = new Set(columns.map((name) => name.toLowerCase()))
  const named = [...(select ?? []), ...(orderBy ?? []).map((item) => item.split(/\s+/)[0]!)]
  const unknown = named.find((name) => !known.has(name.toLowerCase()))
  if (unknown === undefined || columns.length === 0) return
  const near = nearestName(unknown, columns)
  throw new UsageError(`The table ${table} has no column ${unknown}.`, {
    code: 'unknown_column',
    hint: near === undefined ? `Its columns: ${columns.join(', ')}.` : `Did you mean ${near}?`,
    details: {column: unknown, columns},
  })
}

export async function askAboutTable(
  http: HttpClient,
  table: string,
  {path, body}: {path: string; body?: ScanBody},
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const method = body ? 'POST' : 'GET'
    const options = {timeoutMs: ANSWER_MS, ...(body ? {body} : {})}
    return (await http.requestJson(method, path, options, signal)).body
  } catch (error) {
    throw await explainScanError(http, {error, table}, signal)
  }
}

/** Names the table that was probably meant, and puts the server's verdicts in words. */
export async function explainScanError(
  http: HttpClient,
  {error, table}: {error: unknown; table: string},
  signal: AbortSignal,
): Promise<unknown> {
  if (error instanceof RateLimitedError) return quotaError(error)
  if (error instanceof UsageError && error.code === 'remote_scan_too_large')
    return overCeiling(http, {error, table}, signal)
  if (!(error instanceof MissingError)) return explainRefusal(error)
  const similar = await similarTable(http, table, signal)
  return new MissingError(error.message, {
    code: 'table_not_found',
    hint:
      similar === undefined
        ? 'See the tables you may read: agnes status'
        : `Did you mean ${similar}? Run the command with that id.`,
    details: {...error.details, table, similar: similar ?? null},
    cause: error,
  })
}

async function similarTable(
  http: HttpClient,
  table: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const {body} = await http.requestJson('GET', '/api/v2/catalog', {timeoutMs: ANSWER_MS}, signal)
    const rows = readCatalog(body)
    const exact = findRow(rows, table)
    if (exact) return exact.id
    const near = nearestName(
      table,
      rows.map(({id}) => id),
    )
    return near
  } catch {
    // Only for the hint: that the table is not there stands without it.
    signal.throwIfAborted()
    return undefined
  }
}

/** The ceiling that travelled with the scan was held by the server. */
async function overCeiling(
  http: HttpClient,
  {error, table}: {error: UsageError; table: string},
  signal: AbortSignal,
): Promise<TooLargeError> {
  const {scan_bytes: scanBytes, limit_bytes: maxBytes} = (error.details.server ?? {}) as Record<
    string,
    unknown
  >
  const bytes = typeof scanBytes === 'number' ? scanBytes : null
  const part = await adviseOnPart({table, names: null}, http, signal)
  const told =
    bytes === null || typeof maxBytes !== 'number' ? '' : `: ${ceilingText(bytes, maxBytes)}`
  return new TooLargeError(`The server refused the scan as too large${told}.`, {
    code: 'remote_scan_too_large',
    hint: partAdvice(part, bytes),
    details: error.details,
    cause: error,
  })
}

export function ceilingText(scanBytes: number, maxBytes: number): string {
  return `it would scan ${grouped(scanBytes)} bytes; the ceiling is ${grouped(maxBytes)}`
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
