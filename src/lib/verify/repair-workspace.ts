import {toAgnesError, toErrorDocument} from '../errors.js'
import type {Lock} from '../ports/lock.js'
import {readSyncState} from '../sync/sync-state.js'
import {checkCatalog} from './check-catalog.js'
import {checkFiles} from './check-files.js'
import {isBroken, type Leftover, type RepairOutcome, type VerifyReport} from './verify-report.js'
import type {VerifyDeps} from './verify-workspace.js'

export interface RepairDeps extends VerifyDeps {
  /** The pull lock. */
  lock: Lock
  /**
   * Fetches tables again where their bytes are wrong, and renews the catalog; all tables when the list is
   * empty. Keeps each file until its replacement is whole.
   */
  fetchAgain(
    tables: readonly string[],
    signal: AbortSignal,
  ): Promise<{failed: readonly {table: string; error: string}[]}>
}

/** How long to wait for a pull that is running. */
const PATIENCE_MS = 600_000

/** Mends what a report tells: fetches broken tables again, removes what is surely ours and useless. */
export async function repairWorkspace(
  deps: RepairDeps,
  report: VerifyReport,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const leftovers = await removeLeftovers(deps, report.leftovers, signal)
  const isStateLost = report.stateDamage !== null
  if (!isBroken(report) && !isStateLost) return {...report, leftovers}
  const broken = [...new Set(report.problems.map(({table}) => table))]
  const isAll = isStateLost || report.catalog.state === 'broken'
  const repair = await fetchAgain(deps, isAll ? [] : broken, signal)
  const {state, damage} = await readSyncState(deps.files)
  const tables = broken.flatMap((name) => state.tables.get(name) ?? [])
  const still = await checkFiles({files: deps.files, onProgress: () => {}}, tables, signal)
  const isStill = (path: string) => still.some((problem) => problem.path === path)
  const before = report.problems
  const problems = [
    ...before.map((problem) => ({...problem, isRepaired: !isStill(problem.path)})),
    ...still.filter(({path}) => !before.some((problem) => problem.path === path)),
  ]
  const catalog =
    report.catalog.state === 'broken' ? await checkCatalog(deps, state, signal) : report.catalog
  const isWhole =
    !isBroken({problems, catalog}) &&
    damage === null &&
    repair.error === null &&
    repair.failed.length === 0
  return {
    ...report,
    isWhole,
    problems,
    leftovers,
    catalog,
    stateDamage: damage,
    repair: {...repair, tables: broken},
  }
}

/** A failed fetch is part of the answer: what was found stays worth telling. */
async function fetchAgain(
  deps: RepairDeps,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Omit<RepairOutcome, 'tables'>> {
  try {
    const {failed} = await deps.fetchAgain(tables, signal)
    return {failed: failed.map(({table, error}) => ({table, error})), error: null}
  } catch (error) {
    signal.throwIfAborted()
    return {failed: [], error: toErrorDocument(toAgnesError(error)).error}
  }
}

async function removeLeftovers(
  {files, lock}: RepairDeps,
  leftovers: readonly Leftover[],
  signal: AbortSignal,
): Promise<Leftover[]> {
  const isOurs = ({kind}: Leftover) => kind !== 'unowned'
  if (!leftovers.some(isOurs)) return [...leftovers]
  const work = async () => {
    for (const {path} of leftovers.filter(isOurs)) await files.remove(path)
    return leftovers.map((leftover) => ({...leftover, isRemoved: isOurs(leftover)}))
  }
  return lock.hold({waitMs: PATIENCE_MS, command: 'agnes verify --repair'}, work, signal)
}
