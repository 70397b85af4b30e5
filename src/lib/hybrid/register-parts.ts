import {UsageError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {RemoteEngine} from '../ports/remote-engine.js'
import type {PrepareTarget} from '../query/local-query.js'
import {CATALOG_NAME} from '../query/query-session.js'
import type {RegisteredPart} from '../query/answer-source.js'
import {planOnBigQuery} from './fetch-from-bigquery.js'
import {planOnServer, type Fetched, type ServerFetchDeps} from './fetch-from-server.js'
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

/**
 * Runs every part, in order, and holds its rows. Before anything is sent every name the query reads has to
 * be an alias or answer to something here; before the first part runs every part is known to be within
 * the ceiling.
 */
export async function registerParts(
  registrations: readonly Registration[],
  target: PrepareTarget,
  deps: PartDeps,
  signal: AbortSignal,
): Promise<RegisteredPart[]> {
  const {opened} = target
  for (const {alias} of registrations) await checkAlias(alias, target, signal)
  await resolveOthers(registrations, target)
  const estimated: EstimatedPart[] = []
  for (const registration of registrations)
    estimated.push(
      await blamed(registrations, registration, deps, () =>
        estimatePart(registration, deps, signal),
      ),
    )
  const parts: RegisteredPart[] = []
  let heldBytes = 0
  for (const [index, {registration, by, run}] of estimated.entries()) {
    signal.throwIfAborted()
    const {alias} = registration
    const fetched = await blamed(registrations, registration, deps, () => run(signal))
    const place = {
      ...{session: opened.session, alias, index, heldBytes},
      catalog: opened.hasCatalog ? CATALOG_NAME : null,
    }
    const {rows, bytes} = await holdAnswer(fetched.rows, place, deps.limits, signal)
    heldBytes += bytes
    const {bytesScanned, priceUsd} = fetched
    parts.push({alias, ...by, rows, bytes, bytesScanned, priceUsd})
  }
  return parts
}

/** Where there are several, tells which one failed. */
async function blamed<T>(
  {length}: readonly Registration[],
  {alias}: Registration,
  {notices}: PartDeps,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (length > 1) notices.push(`It was the SQL of ${alias} that failed.`)
    throw error
  }
}

/** A dynamic PIVOT names columns as well, as far as anybody can tell: it is left to the engine. */
async function resolveOthers(
  registrations: readonly Registration[],
  {facts, resolve}: PrepareTarget,
): Promise<void> {
  if (facts.isGuess) return
  const aliases = new Set(registrations.map(({alias}) => alias.toLowerCase()))
  await resolve(
    facts.tableNames.filter(
      ({schema, name}) => schema !== null || !aliases.has(name.toLowerCase()),
    ),
  )
}

async function checkAlias(
  alias: string,
  {binder, facts}: PrepareTarget,
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

interface EstimatedPart {
  registration: Registration
  by: Pick<RegisteredPart, 'source' | 'server' | 'project'>
  run(signal: AbortSignal): Promise<Fetched>
}

async function estimatePart(
  registration: Registration,
  deps: PartDeps,
  signal: AbortSignal,
): Promise<EstimatedPart> {
  const {maxRows} = deps.limits
  const engine = registration.via === 'bigquery' ? await deps.bigQuery() : null
  if (engine) {
    const run = await planOnBigQuery(registration, {...deps, engine, maxRows}, signal)
    return {registration, by: {source: 'bigquery', project: engine.project}, run}
  }
  const http = await deps.server()
  const run = await planOnServer(registration, {...deps, http, maxRows}, signal)
  return {registration, by: {source: 'server', server: http.origin}, run}
}
