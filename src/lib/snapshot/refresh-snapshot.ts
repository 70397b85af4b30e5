import {ForbiddenError, MissingError, UsageError} from '../errors.js'
import {readSyncState} from '../sync/sync-state.js'
import type {ScanEstimate} from '../wire/scan.js'
import {fetchAndInstall, type SnapshotDeps} from './create-snapshot.js'
import {listSnapshots, type SnapshotInfo} from './list-snapshots.js'
import type {SnapshotRecipe, SnapshotRecord} from './snapshot-record.js'
import {checkCeiling, estimateRecipe, refuseTableName, type Ceiling} from './estimate-recipe.js'
import {checkRecipe} from './snapshot-request.js'
import {withdrawViews} from './withdraw-views.js'

export interface RefreshRequest {
  name: string
  /** Replaces the condition, and is kept. */
  where: string | undefined
  ceiling: Ceiling
}

export interface RefreshOutcome {
  before: SnapshotInfo
  after: SnapshotRecord
  estimate: ScanEstimate
  /** The whole files have the same hash; `null` when the old one's is not known. */
  isIdentical: boolean | null
  warnings: string[]
}

/** Fetches a snapshot again by its recipe. The old one stays until the new one is whole. */
export async function refreshSnapshot(
  deps: SnapshotDeps,
  {name, where, ceiling}: RefreshRequest,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const {files, http, clock} = deps
  const before = await findSnapshot(deps, name)
  if (before.server !== null && before.server !== http.origin)
    throw new ForbiddenError(`${name} came from ${before.server}, not from ${http.origin}.`, {
      code: 'other_server',
      hint: `Make it anew from this server: agnes snapshot create TABLE --as ${name} --force`,
      details: {server: before.server},
    })
  const recipe = recipeOf(before, where)
  const {state} = await readSyncState(files)
  const withdrawal = await withdrawViews(deps, state, signal)
  await checkRecipe(http, recipe, signal)
  await refuseTableName(http, {recipe, name}, signal)
  const cost = await estimateRecipe(http, {recipe, name}, signal)
  const warning = await checkCeiling(http, {recipe, cost, ceiling}, signal)
  const {estimate} = cost
  const oldHash =
    before.sizeBytes > 0
      ? (before.md5 ?? (await files.md5(`user/snapshots/${name}.parquet`, signal)))
      : null
  const ttlMs = ttlOf(before, clock.now())
  const request = {name, recipe, state, estimate, ceiling, replaces: true, ttlMs}
  const {snapshot, notes} = await fetchAndInstall(deps, request, signal)
  const isIdentical = oldHash === null ? null : oldHash === snapshot.md5
  const warnings = [...withdrawal, ...(warning === null ? [] : [warning]), ...notes]
  return {before, after: snapshot, estimate, isIdentical, warnings}
}

/** `MissingError` (code `snapshot_not_found`). */
export async function findSnapshot(
  {files, clock}: Pick<SnapshotDeps, 'files' | 'clock'>,
  name: string,
): Promise<SnapshotInfo> {
  const all = await listSnapshots(files, clock.now())
  const found = all.find((snapshot) => snapshot.name === name)
  if (found) return found
  throw new MissingError(`There is no snapshot ${name}.`, {
    code: 'snapshot_not_found',
    hint: 'See what is here: agnes snapshot list',
    details: {name},
  })
}

function recipeOf(info: SnapshotInfo, where: string | undefined): SnapshotRecipe {
  const {name, table, select, limit, orderBy, fromQuery} = info
  if (table === null)
    throw new UsageError(`Nobody wrote down what ${name} was made from.`, {
      code: 'recipe_unknown',
      hint: `Make it anew: agnes snapshot create TABLE --as ${name} --force`,
      details: {name},
    })
  if (fromQuery !== null && where !== undefined)
    throw new UsageError(`${name} was made from a whole query, which --where cannot change.`, {
      hint: `Make it anew: agnes snapshot create ${name} --from-query SQL --force`,
    })
  return {table, select, limit, orderBy, fromQuery, where: where ?? info.where}
}

/** The same time to live, from now on. */
function ttlOf({expiresAt, fetchedAt}: SnapshotInfo, nowMs: number): number | null {
  if (expiresAt === null) return null
  const start = fetchedAt === null ? nowMs : Date.parse(fetchedAt)
  return Math.max(0, Date.parse(expiresAt) - start)
}
