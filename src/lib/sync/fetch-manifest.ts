import {type AgnesError, MissingError, RateLimitedError, ServerError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient, JsonAnswer} from '../ports/http-client.js'
import {markedRequest, markOf} from '../wire/answer-print.js'
import {readManifest, type Manifest, type ManifestTable} from '../wire/manifest.js'
import type {InstalledTable, ListedTable, SyncState} from './state-model.js'
import {partsFolder} from './table-paths.js'

export interface FetchedManifest {
  manifest: Manifest
  /** Tells next time whether it is still this one; see `Mark`. */
  etag: string | null
  /** The server said 304: the manifest is what the state remembers of it. */
  isUnchanged: boolean
}

const MANIFEST = '/api/sync/manifest'
/** Waits before another try; a busy server often is not any more a second later. */
const RETRY_DELAYS_MS = [500, 2000]
const MAX_WAIT_MS = 30_000

/** One conditional request. Anything but a readable manifest is an error: nothing may be pruned then. */
export async function fetchManifest(
  {http, clock}: {http: HttpClient; clock: Clock},
  state: SyncState,
  signal: AbortSignal,
): Promise<FetchedManifest> {
  const sent = state.server === http.origin ? state.manifestEtag : null
  const ask = () => http.requestJson('GET', MANIFEST, markedRequest(sent), signal)
  const answer = await retrying(clock, ask, signal)
  if (answer.status === 304)
    return {manifest: rememberedManifest(state), etag: sent, isUnchanged: true}
  return {
    manifest: readManifest(answer.body),
    etag: markOf(answer),
    isUnchanged: false,
  }
}

/** The tables as they are listed at this moment, whatever was remembered. */
export async function readTables(
  {http, clock}: {http: HttpClient; clock: Clock},
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ManifestTable>> {
  const answer = await retrying(clock, () => http.requestJson('GET', MANIFEST, {}, signal), signal)
  return readManifest(answer.body).tables
}

/** Asks again where the server says it cannot answer just now; gives up at once when nobody is there. */
async function retrying(
  clock: Clock,
  ask: () => Promise<JsonAnswer>,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await ask()
    } catch (error) {
      const isBusy = error instanceof ServerError || error instanceof RateLimitedError
      const waitMs = isBusy ? (error.retryAfterMs ?? delayMs) : Infinity
      if (waitMs > MAX_WAIT_MS) throw error
      await clock.sleep(waitMs, signal)
    }
  }
  return ask()
}

/** What the last complete pull saw: everything it listed is either installed or on the list of the rest. */
export function rememberedManifest(state: SyncState): Manifest {
  const tables = new Map<string, ManifestTable>()
  for (const table of state.tables.values()) tables.set(table.name, rowOfInstalled(table))
  const unsafeNames: string[] = []
  let isFiltered = false
  for (const listed of state.listed) {
    if (listed.reason === 'unsafe_name') unsafeNames.push(listed.name)
    else tables.set(listed.name, rowOfListed(listed))
    if (listed.reason === 'not_in_packages') isFiltered = true
  }
  const out = new Set(
    state.listed.filter(({reason}) => reason === 'not_in_packages').map(({name}) => name),
  )
  const authorised = isFiltered
    ? new Set([...tables.keys()].filter((name) => !out.has(name)))
    : null
  return {tables, unsafeNames, authorised}
}

function rowOfInstalled(table: InstalledTable): ManifestTable {
  const folder = partsFolder(table.name).length + 1
  return {
    name: table.name,
    hash: table.hash === '' ? null : table.hash,
    rows: table.rows,
    sizeBytes: table.isPartitioned ? null : (table.files[0]?.sizeBytes ?? null),
    updated: table.updated,
    queryMode: table.queryMode ?? 'local',
    isServerOnly: false,
    parts: table.isPartitioned
      ? table.files.map(({path, md5, listedHash, sizeBytes}) => ({
          path: path.slice(folder),
          hash: listedHash ?? md5,
          sizeBytes: listedHash === undefined ? sizeBytes : null,
        }))
      : null,
  }
}

function rowOfListed({name, queryMode, reason}: ListedTable): ManifestTable {
  return {
    name,
    hash: null,
    rows: null,
    sizeBytes: null,
    updated: null,
    queryMode,
    isServerOnly: reason === 'server_only',
    parts: null,
  }
}

/** `MissingError` when a table named by the user is not one that can be fetched. */
export function checkRequested(manifest: Manifest, names: Iterable<string>): void {
  for (const name of names) {
    const table = manifest.tables.get(name)
    if (!table || (manifest.authorised?.size && !manifest.authorised.has(name)))
      throw notListed(name)
    const isLocal = table.queryMode === 'local' || table.queryMode === 'materialized'
    if (!isLocal || table.isServerOnly)
      throw new MissingError(`The table ${name} stays on the server: it cannot be downloaded.`, {
        code: 'table_not_local',
        hint: 'See what can be downloaded with `agnes pull --plan`.',
        details: {table: name},
      })
  }
}

function notListed(name: string): AgnesError {
  return new MissingError(`The server lists no table ${name} for you.`, {
    code: 'table_not_listed',
    hint: 'See what it lists with `agnes pull --plan`. Table names are case-sensitive.',
    details: {table: name},
  })
}
