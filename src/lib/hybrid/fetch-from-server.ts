import {bytesText} from '../cells/amount-text.js'
import {watchForStall} from '../download/stall-watch.js'
import {AgnesError, IntegrityError, TooLargeError, UnreachableError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {RowStream, Warehouse} from '../ports/warehouse.js'
import {guardBytes} from '../remote/estimate-query.js'
import {estimateWhole} from '../remote/estimate-whole.js'
import {explainRefusal} from '../remote/explain-refusal.js'
import {RemoteQuery} from '../remote/remote-query.js'
import {bareStatement} from '../remote/server-sql.js'
import {tooManyRows, type FetchedRows} from './hold-answer.js'
import type {Registration} from './registration.js'
import {typedBatches} from './typed-batches.js'

/** Rows of one registration, and what they cost. */
export interface Fetched {
  rows: FetchedRows
  /** `null` where nobody says. */
  bytesScanned: number | null
  priceUsd: number | null
}

export interface ServerFetchDeps {
  http: HttpClient
  clock: Clock
  warehouse: () => Promise<Warehouse>
  /** Longest silence of the server before it answers. */
  timeoutMs: number
  /** Silence in the middle of an answer that counts as broken off. */
  stallMs: number
  /** Travels with everything that is run. */
  maxBytes: number
  maxRows: number
  /** Grows while the parts are fetched. */
  notices: string[]
}

/**
 * One part that the server runs: the estimate now, the rows when the answer is called. A server that knows
 * whole queries sends Arrow, with every type; any other answers as to `agnes query --remote`, with the
 * types JSON has.
 */
export async function planOnServer(
  {alias, sql}: Registration,
  deps: ServerFetchDeps,
  signal: AbortSignal,
): Promise<(signal: AbortSignal) => Promise<Fetched>> {
  const {http, maxBytes} = deps
  const part = {alias, sql: bareStatement(sql)}
  const whole = await estimateWhole({sql: part.sql, name: alias}, http, signal)
  if (whole === null) {
    const warning = await guardBytes(part.sql, {http, maxBytes}, signal)
    if (warning !== undefined) deps.notices.push(warning)
    return (signal) => asRemoteQuery({alias, sql}, deps, signal)
  }
  const {scanBytes, costUsd} = whole
  if (scanBytes !== null && scanBytes > maxBytes) throw overCeiling(alias, {scanBytes, maxBytes})
  return async (signal) => {
    const rows = await asArrow(part, deps, signal)
    return {rows, bytesScanned: scanBytes, priceUsd: costUsd}
  }
}

/** What to do about a part that costs too much. */
export function overCeiling(
  alias: string,
  facts: {scanBytes: number; maxBytes: number},
): TooLargeError {
  const {scanBytes, maxBytes} = facts
  return new TooLargeError(
    `${alias} would read ${bytesText(scanBytes)}, more than the ${bytesText(maxBytes)} allowed. Nothing was run.`,
    {
      code: 'over_max_bytes',
      hint: `Name fewer columns in it and filter by the partition column, or allow it with --max-bytes ${Math.ceil(scanBytes)}.`,
      details: {alias, ...facts},
    },
  )
}

interface Part {
  alias: string
  sql: string
}

async function asArrow(
  {alias, sql}: Part,
  {http, clock, maxBytes, timeoutMs, stallMs}: ServerFetchDeps,
  signal: AbortSignal,
): Promise<FetchedRows> {
  const body = {table_id: alias, from_query: sql, as: alias, max_bytes: maxBytes}
  const startedAt = clock.monotonicMs()
  const request = {method: 'POST' as const, body, timeoutMs}
  const answer = await http.openStream('/api/v2/scan', request, signal).catch((error: unknown) => {
    const waitedMs = clock.monotonicMs() - startedAt
    throw explainRefusal(error, {sql, origin: http.origin, waited: {waitedMs, timeoutMs}})
  })
  const {readArrowStream} = await import('../arrow/read-arrow-stream.js')
  const bytes = watched(answer.body, {clock, stallMs}, signal)
  const {columns, batches} = await readArrowStream(bytes)
  return {columns: columns.map((column) => ({...column, castTo: null})), batches}
}

/** The body, broken off when the server falls silent, and destroyed when nobody reads on. */
async function* watched(
  body: NodeJS.ReadableStream & {destroy(error?: Error): unknown},
  {clock, stallMs}: {clock: Clock; stallMs: number},
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const stall = new UnreachableError(`The server fell silent for ${stallMs / 1000} seconds.`, {
    code: 'stalled',
    hint: 'Run the query again.',
  })
  const watch = watchForStall(clock, stallMs, () => body.destroy(stall))
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      watch.pause(true)
      yield chunk
      watch.pause(false)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AgnesError) throw error
    throw new IntegrityError('The answer broke off.', {
      code: 'stream_truncated',
      hint: 'Run the query again.',
      cause: error,
    })
  } finally {
    watch.stop()
    body.destroy()
  }
}

async function asRemoteQuery(
  {alias, sql}: Part,
  deps: ServerFetchDeps,
  signal: AbortSignal,
): Promise<Fetched> {
  const {maxRows, notices} = deps
  const query = new RemoteQuery(sql, {...deps, workspace: null, isGuarded: true})
  const {columns, batches, outcome} = await query.rows(maxRows, signal)
  const whole: RowStream = {
    columns,
    batches: (async function* () {
      yield* batches
      if (outcome.isTruncated) throw tooManyRows(alias, maxRows)
    })(),
  }
  const {bytesScanned, rowScope} = query.origin
  if (rowScope !== null)
    notices.push(`${alias} has only the rows you may see. ${rowScope.note}`.trimEnd())
  return {rows: await typedBatches(whole), bytesScanned, priceUsd: null}
}
