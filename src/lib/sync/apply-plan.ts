import pLimit from 'p-limit'
import {
  type AgnesError,
  AuthError,
  InterruptedError,
  IntegrityError,
  toAgnesError,
  TooLargeError,
} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {OnProgress} from '../ports/progress.js'
import type {ManifestTable} from '../wire/manifest.js'
import {checkSpace} from './check-space.js'
import {describeTable, installTable, type InstallDeps} from './install-table.js'
import {itemsOf, type ItemOf, type PruneReason, type PullPlan} from './plan-model.js'
import {encodeTable} from './state-document.js'
import type {SwapRecord} from './state-journal.js'
import type {StateStore} from './state-store.js'
import type {TableFetcher} from './table-fetcher.js'

/**
 * Makes a plan true: prunes, takes over, then downloads in parallel. Each table is committed on its own,
 * so whatever stops the run, the tables that were done stay done.
 */

export interface ApplyDeps {
  files: Files
  store: StateStore
  fetcher: () => Promise<TableFetcher>
  clock: Clock
  /** The table as the server lists it now, for when its bytes do not fit what it listed before. */
  refetchTable(name: string): Promise<ManifestTable | undefined>
  onProgress: OnProgress
  /** Transfers at once. */
  parallelism: number
}

export interface ApplyOutcome {
  downloaded: {table: string; bytes: number; reason: ItemOf<'download'>['reason']}[]
  failed: {table: string; error: AgnesError}[]
}

/** The names in these prune reasons are withheld, so nothing local may answer for them. */
const BLOCKING: ReadonlySet<PruneReason> = new Set(['revoked', 'server_only', 'not_in_packages'])

/** Rejects when the whole run has to stop: signed out, disk full, interrupted. */
export async function applyPlan(
  deps: ApplyDeps,
  plan: PullPlan,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  await deps.store.swap(...itemsOf(plan, 'prune').map(pruneRecord))
  await adopt(deps, plan)
  const downloads = itemsOf(plan, 'download').sort((a, b) => b.bytes - a.bytes)
  if (downloads.length === 0) return {downloaded: [], failed: []}
  await checkSpace(deps.files, downloads)
  return download(deps, downloads, signal)
}

function pruneRecord({name, paths, reason}: ItemOf<'prune'>): SwapRecord {
  const isBlocked = BLOCKING.has(reason)
  return {op: 'swap', name, entry: null, renames: [], removes: paths, isBlocked}
}

async function adopt({store, clock}: ApplyDeps, plan: PullPlan): Promise<void> {
  const items = itemsOf(plan, 'adopt')
  const entries = items.map((item) => ({
    item,
    entry: encodeTable(describeTable(item.table, item.files, clock)),
  }))
  const plain = entries.filter(({item}) => item.removes.length === 0)
  if (plain.length > 0)
    await store.commit(
      ...plain.map(({item, entry}) => ({op: 'table', name: item.name, entry}) as const),
    )
  const swaps = entries.filter(({item}) => item.removes.length > 0)
  await store.swap(
    ...swaps.map(({item, entry}): SwapRecord => ({
      op: 'swap',
      name: item.name,
      entry,
      renames: [],
      removes: item.removes,
      isBlocked: false,
    })),
  )
  for (const {name, refresh} of itemsOf(plan, 'keep')) {
    const installed = store.state.tables.get(name)
    if (!refresh || !installed) continue
    Object.assign(installed, {
      rows: refresh.rows,
      updated: refresh.updated,
      queryMode: refresh.queryMode,
    })
    store.markChanged()
  }
}

async function download(
  deps: ApplyDeps,
  items: ItemOf<'download'>[],
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const limit = pLimit(deps.parallelism)
  const fetcher = await deps.fetcher()
  const install: InstallDeps = {...deps, fetcher, limit}
  const outcome: ApplyOutcome = {downloaded: [], failed: []}
  const one = async (item: ItemOf<'download'>) => {
    try {
      const bytes = await installOrAskAgain({...deps, install}, item, both)
      outcome.downloaded.push({table: item.name, bytes, reason: item.reason})
      deps.onProgress({kind: 'end', id: item.name, outcome: 'done'})
    } catch (error) {
      const failure = toAgnesError(error)
      if (!signal.aborted && stopsTheRun(failure)) stop.abort(failure)
      if (both.aborted) return
      outcome.failed.push({table: item.name, error: failure})
      deps.onProgress({kind: 'end', id: item.name, outcome: 'failed', message: failure.message})
    }
  }
  const totalBytes = items.reduce((sum, {bytes}) => sum + bytes, 0)
  deps.onProgress({kind: 'plan', items: items.length, totalBytes})
  await Promise.all(items.map(one)).finally(() => fetcher.close())
  both.throwIfAborted()
  return outcome
}

/** After this, no other table can succeed either. */
function stopsTheRun(error: AgnesError): boolean {
  return (
    error instanceof AuthError ||
    error instanceof TooLargeError ||
    error instanceof InterruptedError ||
    ['server_moved', 'insecure_redirect', 'unexpected_redirect'].includes(error.code)
  )
}

/** The table may have been published anew since the manifest was read: then the new row decides, once. */
async function installOrAskAgain(
  deps: ApplyDeps & {install: InstallDeps},
  item: ItemOf<'download'>,
  signal: AbortSignal,
): Promise<number> {
  try {
    return await installTable(deps.install, item, signal)
  } catch (error) {
    if (!(error instanceof IntegrityError) || item.table.parts !== null) throw error
    const table = await deps.refetchTable(item.name)
    const [fetch] = item.fetches
    if (!table || table.parts || table.hash === item.table.hash || !fetch) throw error
    const again = {...fetch, hash: table.hash, sizeBytes: table.sizeBytes}
    return installTable(deps.install, {...item, table, fetches: [again]}, signal)
  }
}
