import pLimit from 'p-limit'
import {
  registerViews,
  unchangedCatalog,
  type CatalogOutcome,
  type CatalogState,
} from '../catalog/register-views.js'
import {workspacePaths} from '../config/paths.js'
import {MissingError} from '../errors.js'
import {
  applyNotes,
  countNotes,
  fetchNotes,
  noNotes,
  type NotesAnswer,
  type NotesOutcome,
} from '../notes/pull-notes.js'
import type {Files} from '../ports/files.js'
import type {Manifest} from '../wire/manifest.js'
import {listedTables, type PullParts} from './describe-pull.js'
import type {FetchedManifest} from './fetch-manifest.js'
import {asideName, type PullRun} from './pull-run.js'
import {itemsOf, type PlanItem, type PullPlan} from './plan-model.js'
import {pathsToStat, planPull} from './plan-pull.js'
import type {SyncState} from './state-model.js'
import {wantedViews} from './wanted-views.js'

/** Files hashed at once. */
const HASHES_AT_ONCE = 2

/** Plans, hashes what the plan asks about, and plans again until it asks no more. */
export async function makePlan(
  run: PullRun,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<PullPlan> {
  const {deps, state, options, only} = run
  const {isVerify, isMaterializedSkipped} = options
  const facts = await deps.files.statMany(pathsToStat(manifest, state))
  const hashes = new Map<string, string | null>()
  const limit = pLimit(HASHES_AT_ONCE)
  for (;;) {
    const input = {manifest, state, facts, hashes, options: {only, isMaterializedSkipped, isVerify}}
    const plan = planPull(input)
    const paths = itemsOf(plan, 'check').flatMap((item) => item.paths)
    if (paths.length === 0) return plan
    options.onProgress({kind: 'phase', title: `Checking ${paths.length} file(s) on disk`})
    await Promise.all(
      paths.map((path) => limit(async () => hashes.set(path, await hashOf(run, path, signal)))),
    )
  }
}

/** `null` when the file went away since it was looked at. */
async function hashOf({deps}: PullRun, path: string, signal: AbortSignal): Promise<string | null> {
  signal.throwIfAborted()
  try {
    return await deps.files.md5(path, signal)
  } catch (error) {
    if (error instanceof MissingError) return null
    throw error
  }
}

/** Conditional only while every file that the remembered answer led to is still there. */
export function requestNotes({deps, state}: PullRun, signal: AbortSignal): Promise<NotesAnswer> {
  const known = state.server === deps.http.origin ? state.notes : undefined
  const answer = countNotes(deps.files).then((files) =>
    fetchNotes(deps.http, known?.files === files ? known.etag : null, signal),
  )
  // Awaited later; a run that fails before that must not end in an unhandled rejection.
  answer.catch(() => undefined)
  return answer
}

export async function takeNotes(
  {deps, store}: PullRun,
  answer: Promise<NotesAnswer> | null,
): Promise<{outcome: NotesOutcome; etag: string | null}> {
  if (!answer) return {outcome: noNotes, etag: null}
  const {files, http} = deps
  return applyNotes(files, {fetched: await answer, origin: http.origin, isDryRun: store === null})
}

/** Brings the views in step, unless nothing can have changed since that was last done here. */
export async function registerTables(
  {deps, state, store, options}: PullRun,
  plan: PullPlan,
  signal: AbortSignal,
): Promise<{outcome: CatalogOutcome; state: CatalogState}> {
  const {files, warehouse, clock} = deps
  const isIdle = plan.items.every(
    ({kind}) => kind === 'keep' || kind === 'skip' || kind === 'remote',
  )
  const isSettled = isIdle && state.catalog.behind === null && state.catalog.root === files.root
  if (!store || (isSettled && !options.isVerify && (await hasCatalog(files, state.tables.size))))
    return {outcome: unchangedCatalog(state.catalog), state: state.catalog}
  if (!isSettled) options.onProgress({kind: 'phase', title: 'Refreshing the views'})
  const request = {
    wanted: wantedViews(files, state),
    remembered: state.catalog,
    withdrawn: state.blockedNames,
    isForced: options.isVerify,
    asideName: asideName(clock),
  }
  const {outcome, state: registered} = await registerViews({files, warehouse}, request, signal)
  return {outcome, state: {...registered, root: files.root}}
}

async function hasCatalog(files: Files, tables: number): Promise<boolean> {
  return tables === 0 || (await files.stat(workspacePaths.catalog)) !== undefined
}

/** Keeps what the next pull needs; `state.json` is rewritten only when something differs. */
export function rememberPull(
  {deps, state, store, only}: PullRun,
  parts: PullParts,
  learned: {
    fetched: FetchedManifest
    catalogState: CatalogState
    notesEtag: string | null
    /** Nothing is left to do: the ETag stands for what is here. */
    isComplete: boolean
  },
): void {
  const {fetched, catalogState, notesEtag, isComplete} = learned
  const isWhole = isComplete && !parts.plan.items.some(isPassedOver)
  const before = JSON.stringify(facts(state))
  state.server = deps.http.origin
  if (!only) state.listed = fetched.isUnchanged ? state.listed : listedTables(parts)
  if (!fetched.isUnchanged) state.manifestEtag = isWhole ? fetched.etag : null
  const {files} = parts.notes
  state.notes = parts.notes.state === 'skipped' ? state.notes : {etag: notesEtag, files}
  state.catalog = catalogState
  if (JSON.stringify(facts(state)) !== before) store?.markChanged()
}

function facts({server, listed, manifestEtag, notes, catalog}: SyncState): unknown {
  return [server, listed, manifestEtag, notes, catalog]
}

/** Left out by a flag of this run, so that another run has to look again. */
function isPassedOver(item: PlanItem): boolean {
  return item.kind === 'skip' && item.reason === 'skipped_materialized'
}
