import {MissingError, TooLargeError, UsageError} from '../errors.js'
import {findRow} from '../discovery/find-table.js'
import type {HttpClient} from '../ports/http-client.js'
import {nearestName} from '../nearest-name.js'
import {checkWhere} from '../where/check-where.js'
import {explainRefusal} from '../where/explain-refusal.js'
import {readCatalog} from '../wire/catalog.js'
import {readScanEstimate, type ScanBody, type ScanEstimate} from '../wire/scan.js'
import {readSchema} from '../wire/schema.js'
import type {SnapshotRecipe} from './snapshot-record.js'

const ESTIMATE_MS = 120_000

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

export async function askEstimate(
  http: HttpClient,
  body: ScanBody,
  signal: AbortSignal,
): Promise<ScanEstimate> {
  const request = {path: '/api/v2/scan/estimate', body}
  return readScanEstimate(await askAboutTable(http, body.table_id, request, signal))
}

async function askAboutTable(
  http: HttpClient,
  table: string,
  {path, body}: {path: string; body?: ScanBody},
  signal: AbortSignal,
): Promise<unknown> {
  try {
    const method = body ? 'POST' : 'GET'
    const options = {timeoutMs: ESTIMATE_MS, ...(body ? {body} : {})}
    return (await http.requestJson(method, path, options, signal)).body
  } catch (error) {
    throw await explainScanError(http, {error, table}, signal)
  }
}

/** Names the table that was probably meant, and puts the validator's verdict in words. */
export async function explainScanError(
  http: HttpClient,
  {error, table}: {error: unknown; table: string},
  signal: AbortSignal,
): Promise<unknown> {
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
    const {body} = await http.requestJson(
      'GET',
      '/api/v2/catalog',
      {timeoutMs: ESTIMATE_MS},
      signal,
    )
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

/** The cost guard: before the fetch, and with the numbers. */
export function checkCeiling(
  {scanBytes}: ScanEstimate,
  {maxBytes, isExplicit}: {maxBytes: number; isExplicit: boolean},
): string | null {
  if (scanBytes === null) {
    if (!isExplicit)
      return 'The server does not know how many bytes it will scan, so the ceiling could not be checked.'
    throw new TooLargeError('The server does not know how many bytes it will scan.', {
      code: 'estimate_unknown',
      hint: 'Without --max-bytes the snapshot is made all the same.',
      details: {maxBytes},
    })
  }
  if (scanBytes <= maxBytes) return null
  throw new TooLargeError(
    `The server would scan ${grouped(scanBytes)} bytes; the ceiling is ${grouped(maxBytes)}.`,
    {
      code: 'scan_too_large',
      hint: 'Narrow it with --where on the partition column and --select with fewer columns, or raise the ceiling with --max-bytes.',
      details: {scanBytes, maxBytes},
    },
  )
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}
