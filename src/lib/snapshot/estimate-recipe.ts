import {ConflictError, TooLargeError} from '../errors.js'
import {findRow} from '../discovery/find-table.js'
import type {HttpClient} from '../ports/http-client.js'
import {adviseOnPart, partAdvice} from '../remote/advise-part.js'
import {estimateSelect} from '../remote/estimate-query.js'
import {estimateWhole} from '../remote/estimate-whole.js'
import {readCatalog} from '../wire/catalog.js'
import {readScanEstimate, type ScanEstimate} from '../wire/scan.js'
import type {SnapshotRecipe} from './snapshot-record.js'
import {askAboutTable, ceilingText, scanBody} from './snapshot-request.js'

export interface Ceiling {
  /** Most bytes the server may scan. */
  maxBytes: number
  /** The user named it for this command. */
  isExplicit: boolean
}

export interface RecipeEstimate {
  estimate: ScanEstimate
  /** Why a number is not known; `null` where it is. */
  reason: string | null
}

const ESTIMATE = '/api/v2/scan/estimate'
const ANSWER_MS = 120_000

/** What a snapshot would cost, of a part of a table or of a whole query. Fetches no rows. */
export async function estimateRecipe(
  http: HttpClient,
  {recipe, name}: {recipe: SnapshotRecipe; name: string},
  signal: AbortSignal,
): Promise<RecipeEstimate> {
  if (recipe.fromQuery !== null)
    return estimateWholeQuery(http, {sql: recipe.fromQuery, name}, signal)
  const request = {path: ESTIMATE, body: scanBody(recipe, name)}
  const estimate = readScanEstimate(await askAboutTable(http, recipe.table, request, signal))
  const reason = 'The server does not know how many bytes it will scan.'
  return {estimate, reason: estimate.scanBytes === null ? reason : null}
}

/**
 * Servers that do not know whole queries look at the table that `table_id` names: so no table may have
 * the name, or they would send that. `ConflictError` (code `snapshot_name_taken`).
 */
export async function refuseTableName(
  http: HttpClient,
  {recipe, name}: {recipe: SnapshotRecipe; name: string},
  signal: AbortSignal,
): Promise<void> {
  if (recipe.fromQuery === null) return
  const request = {timeoutMs: ANSWER_MS}
  const {body} = await http.requestJson('GET', '/api/v2/catalog', request, signal)
  if (!findRow(readCatalog(body), name)) return
  throw new ConflictError(`${name} is the name of a table on the server.`, {
    code: 'snapshot_name_taken',
    hint: 'Choose another name for the answer of a query with --as NAME.',
    details: {name},
  })
}

/** The server's own word for the whole query where it has one; else what it says about a SELECT from one table. */
async function estimateWholeQuery(
  http: HttpClient,
  {sql, name}: {sql: string; name: string},
  signal: AbortSignal,
): Promise<RecipeEstimate> {
  const whole = await estimateWhole({sql, name}, http, signal)
  if (whole) return {estimate: whole, reason: null}
  const {engine, scanBytes, priceUsd, reason} = await estimateSelect(sql, http, signal)
  const unknown = {resultRows: null, resultBytes: null}
  return {estimate: {engine, scanBytes, costUsd: priceUsd, ...unknown}, reason}
}

/**
 * The cost guard: before the fetch, and with the numbers. `TooLargeError` (`over_max_bytes`,
 * `estimate_unknown`).
 * @returns a warning where nobody knows the cost
 */
export async function checkCeiling(
  http: HttpClient,
  {recipe, cost, ceiling}: {recipe: SnapshotRecipe; cost: RecipeEstimate; ceiling: Ceiling},
  signal: AbortSignal,
): Promise<string | null> {
  const {maxBytes, isExplicit} = ceiling
  const {scanBytes} = cost.estimate
  if (scanBytes === null) {
    const why = cost.reason ?? 'The server does not know how many bytes it will scan.'
    if (!isExplicit)
      return `${why} The ceiling of ${maxBytes} bytes went along, but only newer servers hold it.`
    throw new TooLargeError(`${why} So the ceiling could not be checked.`, {
      code: 'estimate_unknown',
      hint: 'Without --max-bytes the snapshot is made all the same. With --no-estimate the ceiling is left to the server.',
      details: {maxBytes},
    })
  }
  if (scanBytes <= maxBytes) return null
  const {table, select, where, fromQuery} = recipe
  const names = select === null ? null : new Set(select.map((column) => column.toLowerCase()))
  const isNarrow = fromQuery !== null || (names !== null && where !== null)
  const part = isNarrow ? null : await adviseOnPart({table, names, where}, http, signal)
  throw new TooLargeError(`The snapshot was not fetched: ${ceilingText(scanBytes, maxBytes)}.`, {
    code: 'over_max_bytes',
    hint:
      part === null
        ? `Narrow it further, or allow this much with --max-bytes ${Math.ceil(scanBytes)}`
        : partAdvice(part, scanBytes),
    details: {scanBytes, maxBytes, table: fromQuery === null ? table : null},
  })
}
