import {workspacePaths} from '../config/paths.js'
import {ConflictError, MissingError} from '../errors.js'
import type {Lock} from '../ports/lock.js'
import {explainRefusal} from '../remote/explain-refusal.js'
import {readSyncState, type SyncState} from '../sync/sync-state.js'
import type {ScanEstimate} from '../wire/scan.js'
import {fetchParquet, type FetchDeps, type FetchedParquet} from './fetch-parquet.js'
import {sourcesOf} from './snapshot-sources.js'
import {checkSnapshotName} from './snapshot-name.js'
import {
  announceSources,
  parquetPath,
  sidecarPath,
  writeRecord,
  type SnapshotRecipe,
  type SnapshotRecord,
} from './snapshot-record.js'
import {checkCeiling, estimateRecipe, refuseTableName, type Ceiling} from './estimate-recipe.js'
import {checkRecipe, explainScanError, scanBody} from './snapshot-request.js'
import {withdrawViews} from './withdraw-views.js'
import {registerSnapshot, type ViewOutcome} from './snapshot-view.js'

export interface SnapshotDeps extends FetchDeps {
  lock: Lock
}

export interface CreateRequest {
  name: string
  recipe: SnapshotRecipe
  /** Ends after the estimate. */
  isEstimateOnly: boolean
  skipsEstimate: boolean
  replaces: boolean
  ceiling: Ceiling
  ttlMs: number | null
}

export interface CreateOutcome {
  /** `null` when it was not asked for. Its fields are `null` where nobody knows. */
  estimate: ScanEstimate | null
  /** `null` when nothing was fetched. */
  snapshot: SnapshotRecord | null
  view: ViewOutcome | null
  warnings: string[]
}

/** Servers cut an answer at 2 GiB without saying so. */
const SILENT_CUT_BYTES = 2 ** 31 * 0.98
const LEFTOVER_MS = 86_400_000

/**
 * Estimate, ceiling, fetch, check, install, register: in this order, and nothing is replaced before
 * the last but one. Errors: `ConflictError` for a name in use, `TooLargeError` over the ceiling.
 */
export async function createSnapshot(
  deps: SnapshotDeps,
  request: CreateRequest,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const {name, recipe, isEstimateOnly} = request
  const {state} = await readSyncState(deps.files)
  checkSnapshotName(name, state)
  const withdrawal = isEstimateOnly ? [] : await withdrawViews(deps, state, signal)
  if (!isEstimateOnly) await checkFree(deps, request)
  await checkRecipe(deps.http, recipe, signal)
  await refuseTableName(deps.http, request, signal)
  const wantsEstimate = isEstimateOnly || !request.skipsEstimate
  const cost = wantsEstimate ? await estimateRecipe(deps.http, {recipe, name}, signal) : null
  const estimate = cost?.estimate ?? null
  if (isEstimateOnly)
    return {estimate, snapshot: null, view: null, warnings: cost?.reason ? [cost.reason] : []}
  const {ceiling} = request
  const warning = cost && (await checkCeiling(deps.http, {recipe, cost, ceiling}, signal))
  const {snapshot, view, notes} = await fetchAndInstall(deps, {...request, state, estimate}, signal)
  const warnings = [...withdrawal, ...(warning === null ? [] : [warning]), ...notes]
  return {estimate, snapshot, view, warnings}
}

async function checkFree(
  {files}: SnapshotDeps,
  {name, replaces}: Pick<CreateRequest, 'name' | 'replaces'>,
): Promise<void> {
  if (replaces) return
  const entries = await files.list(workspacePaths.snapshots)
  const folded = [parquetPath(name), sidecarPath(name)].map((path) =>
    path.slice(path.lastIndexOf('/') + 1).toLowerCase(),
  )
  if (!entries.some((entry) => folded.includes(entry.toLowerCase()))) return
  throw new ConflictError(`There is a snapshot ${name} already.`, {
    code: 'snapshot_exists',
    hint: `Fetch it again: agnes snapshot refresh ${name}. Or replace it with --force, or choose another name with --as.`,
    details: {name},
  })
}

/** Fetches beside the place and puts it there under the lock; leaves nothing behind when stopped. */
export async function fetchAndInstall(
  deps: SnapshotDeps,
  request: Pick<CreateRequest, 'name' | 'recipe' | 'replaces' | 'ttlMs' | 'ceiling'> & {
    state: SyncState
    estimate: ScanEstimate | null
  },
  signal: AbortSignal,
): Promise<{snapshot: SnapshotRecord; view: ViewOutcome; notes: string[]}> {
  const {files, lock, random, http} = deps
  const {name, recipe} = request
  await sweepLeftovers(deps)
  await files.createFolder(workspacePaths.snapshots)
  const beside = `${workspacePaths.snapshots}/.${name}.${random.hex(6)}.tmp`
  try {
    const fetched = await fetchParquet(
      deps,
      {body: {...scanBody(recipe, name), max_bytes: request.ceiling.maxBytes}, path: beside},
      signal,
    ).catch(async (error: unknown) => {
      throw await explainFetchError(deps, {error, recipe}, signal)
    })
    const record = await recordOf(deps, {...request, fetched, server: http.origin}, signal)
    const options = {waitMs: 60_000, command: `agnes snapshot create ${name}`}
    const view = await lock.hold(
      options,
      async () => {
        checkSnapshotName(name, (await readSyncState(files)).state)
        await checkFree(deps, request)
        signal.throwIfAborted()
        await announceSources(files, record)
        await files.install(beside, parquetPath(name))
        await writeRecord(files, record)
        return registerSnapshot(deps, name, signal)
      },
      signal,
    )
    return {snapshot: record, view, notes: notesOf(record, fetched, view)}
  } finally {
    await files.remove(beside)
  }
}

async function explainFetchError(
  {http}: SnapshotDeps,
  {error, recipe}: {error: unknown; recipe: SnapshotRecipe},
  signal: AbortSignal,
): Promise<unknown> {
  const {fromQuery} = recipe
  if (fromQuery === null) return explainScanError(http, {error, table: recipe.table}, signal)
  if (!(error instanceof MissingError))
    return explainRefusal(error, {sql: fromQuery, origin: http.origin})
  return new MissingError('The server does not keep the answers of whole queries.', {
    code: 'from_query_unsupported',
    hint: 'It is an older one: use --select and --where on one table instead of --from-query.',
    details: error.details,
    cause: error,
  })
}

async function recordOf(
  {clock, warehouse, http}: SnapshotDeps,
  request: {
    name: string
    recipe: SnapshotRecipe
    ttlMs: number | null
    state: SyncState
    estimate: ScanEstimate | null
    fetched: FetchedParquet
    server: string
  },
  signal: AbortSignal,
): Promise<SnapshotRecord> {
  const {name, recipe, ttlMs, fetched, server, estimate} = request
  const now = clock.now()
  return {
    format: 1,
    name,
    recipe,
    sources: await sourcesOf(recipe, {state: request.state, warehouse, http}, signal),
    server,
    fetchedAt: new Date(now).toISOString(),
    expiresAt: ttlMs === null ? null : new Date(now + ttlMs).toISOString(),
    rows: fetched.rows,
    sizeBytes: fetched.sizeBytes,
    md5: fetched.md5,
    estimatedScanBytes: estimate?.scanBytes ?? null,
    policyFingerprint: fetched.policyFingerprint,
    policyTableId: fetched.policyTableId,
  }
}

function notesOf(record: SnapshotRecord, fetched: FetchedParquet, view: ViewOutcome): string[] {
  const {name, recipe, rows} = record
  const notes: string[] = []
  if (fetched.receivedBytes >= SILENT_CUT_BYTES)
    notes.push(
      'The answer is as long as a server sends at most: rows may be missing. Narrow the snapshot.',
    )
  if (recipe.limit !== null && rows >= recipe.limit)
    notes.push(`The snapshot ends at --limit ${recipe.limit}; the table may have more rows.`)
  if (fetched.rowScope !== null)
    notes.push(`The server left out rows that are not for you: ${fetched.rowScope}`)
  if (view.state === 'shadowed')
    notes.push(
      `You have a table or view ${name} of your own in ${workspacePaths.catalog}; queries read yours, not the snapshot.`,
    )
  if (view.state === 'behind')
    notes.push(`Other tools do not see the snapshot yet: ${view.why} Queries here do.`)
  return notes
}

/** What a killed process left; a day old, so that none of a running one is touched. */
async function sweepLeftovers({files, clock}: SnapshotDeps): Promise<void> {
  for (const entry of await files.list(workspacePaths.snapshots)) {
    if (!/^\.[^.]+\.[0-9a-f]+\.tmp$/.test(entry)) continue
    const path = `${workspacePaths.snapshots}/${entry}`
    const facts = await files.stat(path)
    if (facts && clock.now() - facts.mtimeMs > LEFTOVER_MS) await files.remove(path)
  }
}
