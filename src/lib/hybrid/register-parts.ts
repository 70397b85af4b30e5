import {UsageError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {RemoteEngine} from '../ports/remote-engine.js'
import type {StatementFacts} from '../ports/warehouse.js'
import type {TableBinder} from '../query/bind-tables.js'
import {CATALOG_NAME, type QuerySession} from '../query/query-session.js'
import type {RegisteredPart} from '../query/answer-source.js'
import {fetchFromBigQuery} from './fetch-from-bigquery.js'
import {fetchFromServer, type Fetched, type ServerFetchDeps} from './fetch-from-server.js'
import {holdAnswer, type HoldLimits} from './hold-answer.js'
import {aliasTaken, type Registration} from './registration.js'

/**
 * Queries of which a part runs elsewhere. Vocabulary: a *part* is SQL that runs on the server or in
 * BigQuery; its rows are *held* in the memory of the local session and answer to an *alias* there, beside
 * pulled tables and snapshots. This room never lets a part run without a ceiling, never joins an
 * incomplete one, and writes nothing to disk.
 */
export interface PartDeps extends Omit<ServerFetchDeps, 'http' | 'maxRows'> {
  /** Asked only when a part goes there. */
  server(): Promise<HttpClient>
  /** The analyst's own BigQuery; `null` where none is set up. */
  bigQuery(): Promise<RemoteEngine | null>
  limits: HoldLimits
}

export interface PartTarget {
  opened: QuerySession
  binder: TableBinder
  /** Of the query that will read the parts. */
  facts: StatementFacts
}

/** Runs every part, in order, and holds its rows. What cannot work is refused before the first one runs. */
export async function registerParts(
  registrations: readonly Registration[],
  {opened, binder, facts}: PartTarget,
  deps: PartDeps,
  signal: AbortSignal,
): Promise<RegisteredPart[]> {
  for (const {alias} of registrations) await checkAlias(alias, {binder, facts}, signal)
  const parts: RegisteredPart[] = []
  let heldBytes = 0
  for (const [index, registration] of registrations.entries()) {
    signal.throwIfAborted()
    const {alias} = registration
    const {fetched, by} = await fetchPart(registration, deps, signal).catch((error: unknown) => {
      if (registrations.length > 1) deps.notices.push(`It was the SQL of ${alias} that failed.`)
      throw error
    })
    const target = {
      ...{session: opened.session, alias, index, heldBytes},
      catalog: opened.hasCatalog ? CATALOG_NAME : null,
    }
    const {rows, bytes} = await holdAnswer(fetched.rows, target, deps.limits, signal)
    heldBytes += bytes
    const {bytesScanned, priceUsd} = fetched
    parts.push({alias, ...by, rows, bytes, bytesScanned, priceUsd})
  }
  return parts
}

async function checkAlias(
  alias: string,
  {binder, facts}: Omit<PartTarget, 'opened'>,
  signal: AbortSignal,
): Promise<void> {
  const holder = await binder.holderOf(alias, signal)
  if (holder !== null) throw aliasTaken(alias, `it is the name of ${holder}`)
  const isRead = facts.tableNames.some(({name}) => name.toLowerCase() === alias.toLowerCase())
  if (!isRead)
    throw new UsageError(`The query does not read ${alias}. Nothing was run.`, {
      code: 'alias_unused',
      hint: `Name ${alias} in the FROM or JOIN of the query, or leave the registration out.`,
      details: {alias},
    })
}

async function fetchPart(
  registration: Registration,
  deps: PartDeps,
  signal: AbortSignal,
): Promise<{fetched: Fetched; by: Pick<RegisteredPart, 'source' | 'server' | 'project'>}> {
  const {maxRows} = deps.limits
  const engine = registration.via === 'bigquery' ? await deps.bigQuery() : null
  if (engine) {
    const fetched = await fetchFromBigQuery(registration, {...deps, engine, maxRows}, signal)
    return {fetched, by: {source: 'bigquery', project: engine.project}}
  }
  const http = await deps.server()
  const fetched = await fetchFromServer(registration, {...deps, http, maxRows}, signal)
  return {fetched, by: {source: 'server', server: http.origin}}
}
