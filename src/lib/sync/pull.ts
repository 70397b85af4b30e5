import {ConflictError, PartialError, toAgnesError, type AgnesError} from '../errors.js'
import {blockSnapshots} from '../snapshot/withdraw-views.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import {applyPlan, type ApplyDeps} from './apply-plan.js'
import {describePull, type PullParts} from './describe-pull.js'
import {checkRequested, fetchManifest, readTables} from './fetch-manifest.js'
import {itemsOf} from './plan-model.js'
import type {PullResult} from './pull-result.js'
import {asideName, HANDED_OVER, type PullDeps, type PullOptions, type PullRun} from './pull-run.js'
import {makePlan, registerTables, rememberPull, requestNotes, takeNotes} from './pull-steps.js'
import type {SyncState} from './state-model.js'
import {StateStore} from './state-store.js'
import {sweepTemporaries} from './sweep-temporaries.js'
import {readSyncState} from './sync-state.js'

/**
 * The pull: manifest -> plan -> apply -> register, with the company notes beside. Called by `agnes pull`,
 * `init` and `verify --repair`; prints nothing, never exits. Failing tables are in the result (`ok`
 * false); what concerns the whole run is thrown. Must not: touch a file outside the workspace, prune
 * after anything but a complete answer, hold the database open longer than a registration takes.
 */
export type {PullDeps, PullOptions} from './pull-run.js'

export async function pull(
  deps: PullDeps,
  options: PullOptions,
  signal: AbortSignal,
): Promise<PullResult> {
  const startedMs = deps.clock.monotonicMs()
  const timed = async (work: Promise<PullResult>) => {
    const result = await work
    return {...result, durationMs: Math.round(deps.clock.monotonicMs() - startedMs)}
  }
  if (options.isPlanOnly) {
    const {state, damage} = await readSyncState(deps.files)
    return timed(runPull(startRun(deps, options, {state, store: null, damage}), signal))
  }
  const {command, waitMs, onWait} = options
  const work = async () => {
    const {store, damage} = await StateStore.open(deps.files, asideName(deps.clock))
    const run = startRun(deps, options, {state: store.state, store, damage})
    return recorded(run, store, () => runPull(run, signal), signal)
  }
  return timed(deps.lock.hold({command, waitMs, ...(onWait ? {onWait} : {})}, work, signal))
}

function startRun(
  deps: PullDeps,
  options: PullOptions,
  stored: {state: SyncState; store: StateStore | null; damage: string | null},
): PullRun {
  const {state, store, damage} = stored
  const only = options.tables.length > 0 ? new Set(options.tables) : null
  const told =
    damage === null
      ? []
      : [`The record of what is installed was damaged: ${damage}. It is built anew.`]
  return {deps, options, state, store, only, warnings: told}
}

/** Notes how the attempt ended, whatever way it ends. */
async function recorded(
  {deps}: PullRun,
  store: StateStore,
  work: () => Promise<PullResult>,
  signal: AbortSignal,
): Promise<PullResult> {
  const note = async (error?: AgnesError) => {
    const at = new Date(deps.clock.now()).toISOString()
    const {exitCode, message} = error ?? {exitCode: 0, message: null}
    await store.commit({op: 'attempt', at, exitCode, message})
    await store.close()
    const {state} = store
    const server = deps.http.origin
    await deps.afterAttempt?.({at, server, state, ...(error ? {error} : {})})
  }
  try {
    const result = await work()
    await note(result.ok ? undefined : new PartialError('Not everything could be refreshed.'))
    return result
  } catch (error) {
    const failure = toAgnesError(signal.aborted ? signal.reason : error)
    // The first failure is the one to tell; the journal has every table that was done.
    const told = failure.code === HANDED_OVER ? store.close() : note(failure)
    await told.catch(() => undefined)
    throw error
  }
}

async function runPull(run: PullRun, signal: AbortSignal): Promise<PullResult> {
  const {deps, state, only} = run
  await refuseOtherServer(run)
  const stopNotes = new AbortController()
  // Asked for beside the manifest, so that a pull with nothing to do costs one round trip.
  const notesAnswer = only ? null : requestNotes(run, AbortSignal.any([signal, stopNotes.signal]))
  try {
    const fetched = await fetchManifest(deps, state, signal)
    if (only) checkRequested(fetched.manifest, only)
    const plan = await makePlan(run, fetched.manifest, signal)
    run.options.onPlanned?.({
      bytes: itemsOf(plan, 'download').reduce((sum, {bytes}) => sum + bytes, 0),
    })
    const [applied, notes] = await both(
      run.store && applyPlan(applyDeps(run, run.store, signal), plan, signal),
      takeNotes(run, notesAnswer),
    )
    const {outcome: catalog, state: catalogState} = await registerTables(run, plan, signal)
    const parts: PullParts = {
      workspace: deps.files.root,
      server: deps.http.origin,
      manifest: fetched.manifest,
      plan,
      applied,
      notes: notes.outcome,
      catalog,
      blockedSnapshots: [],
      freeBytes: run.store ? null : await deps.files.freeBytes(),
      warnings: run.warnings,
    }
    const isComplete = applied?.failed.length === 0 && !only && !plan.isGuarded
    if (run.store) {
      rememberPull(run, parts, {fetched, catalogState, notesEtag: notes.etag, isComplete})
      const withdrawal = await withdrawSnapshots(run, signal)
      parts.blockedSnapshots = withdrawal.blocked
      run.warnings.push(...withdrawal.warnings)
      if (run.store.isSettled)
        await sweepTemporaries(deps.files, only ? null : hashesOfFailed(parts))
    }
    return describePull(parts)
  } catch (error) {
    stopNotes.abort(error)
    throw error
  }
}

/** By what this pull has seen, which is not remembered yet. */
function withdrawSnapshots({deps, state, only}: PullRun, signal: AbortSignal) {
  const lastSuccessAt = only ? state.lastSuccessAt : new Date(deps.clock.now()).toISOString()
  return blockSnapshots(deps, {...state, lastSuccessAt}, signal)
}

/** Content that the next pull will ask for again. */
function hashesOfFailed({plan, applied}: PullParts): Set<string> {
  const failed = new Set(applied?.failed.map(({table}) => table))
  const fetches = itemsOf(plan, 'download')
    .filter(({name}) => failed.has(name))
    .flatMap((item) => item.fetches)
  return new Set(fetches.flatMap(({hash}) => hash ?? []))
}

function applyDeps({deps, options}: PullRun, store: StateStore, signal: AbortSignal): ApplyDeps {
  const {onProgress, parallelism} = options
  let again: ReturnType<typeof readTables> | undefined
  return {
    files: deps.files,
    clock: deps.clock,
    store,
    onProgress,
    parallelism,
    fetcher: deps.fetcher,
    refetchTable: async (name) => (await (again ??= readTables(deps, signal))).get(name),
  }
}

/** Waits for both even when one fails, so that nothing goes on behind a failed pull. */
async function both<A, B>(a: Promise<A> | null, b: Promise<B>): Promise<[A | null, B]> {
  const [first, second] = await Promise.allSettled([a ?? Promise.resolve(null), b])
  if (first.status === 'rejected') throw first.reason
  if (second.status === 'rejected') throw second.reason
  return [first.value, second.value]
}

/**
 * Tables of one server must not be pruned because another one does not list them. What the reference
 * client wrote names no server; then the marker of the workspace does.
 */
async function refuseOtherServer({state, deps, options}: PullRun): Promise<void> {
  const {tables} = state
  const {origin} = deps.http
  if (tables.size === 0 || options.allowsServerChange) return
  const server = state.server ?? originOf(await readWorkspaceServer(deps.files))
  if (server === null || server === origin) return
  throw new ConflictError(
    `This workspace holds ${tables.size} table(s) of ${server}, but this pull would ask ${origin}.`,
    {
      code: 'other_server',
      hint: `Unset AGNES_SERVER; or, if the workspace moves to the new server, run: agnes init ${deps.files.root} --server-url ${origin}`,
      details: {server, requested: origin, tables: tables.size},
    },
  )
}

function originOf(address: string | undefined): string | null {
  return address !== undefined && URL.canParse(address) ? new URL(address).origin : null
}
