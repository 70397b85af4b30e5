/**
 * Verify: reads every installed byte and compares it with what was verified when it was installed.
 * *Problem*: a file that is not what the state says. *Leftover*: a file that no table owns. Looking never
 * changes anything; mending is repair-workspace.ts.
 */
import {MissingError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {OnProgress} from '../ports/progress.js'
import type {Warehouse} from '../ports/warehouse.js'
import {readSyncState, type InstalledTable, type SyncState} from '../sync/sync-state.js'
import {checkCatalog} from './check-catalog.js'
import {bytesOf, checkFiles} from './check-files.js'
import {findLeftovers} from './find-leftovers.js'
import {isBroken, type CatalogCheck, type FileProblem, type VerifyReport} from './verify-report.js'

export interface VerifyDeps {
  files: Files
  folders: Folders
  clock: Clock
  warehouse(): Promise<Warehouse>
}

export interface VerifyOptions {
  /** Only these; empty for all, and then leftovers and the catalog are looked at as well. */
  tables: readonly string[]
  onProgress: OnProgress
}

export async function verifyWorkspace(
  deps: VerifyDeps,
  {tables: named, onProgress}: VerifyOptions,
  signal?: AbortSignal,
): Promise<VerifyReport> {
  const {files} = deps
  const {state, damage} = await readSyncState(files)
  const tables =
    named.length > 0 ? named.map((name) => tableOf(state, name)) : [...state.tables.values()]
  onProgress({kind: 'phase', title: 'Reading the tables'})
  const found = await checkFiles({files, onProgress}, tables, signal)
  const problems = await confirm(files, found, {before: state, ...(signal ? {signal} : {})})
  const rest = named.length > 0 ? notLookedAt : await checkRest(deps, signal)
  const report = {problems, ...rest}
  return {
    workspace: files.root,
    isWhole: !isBroken(report) && damage === null,
    checked: {
      tables: tables.length,
      files: tables.reduce((sum, table) => sum + table.files.length, 0),
      bytes: tables.reduce((sum, table) => sum + bytesOf(table), 0),
    },
    ...report,
    stateDamage: damage,
    repair: null,
  }
}

const notLookedAt: Pick<VerifyReport, 'leftovers' | 'unfinished' | 'catalog'> = {
  leftovers: [],
  unfinished: {files: 0, bytes: 0},
  catalog: {state: 'unchecked', reason: 'only the named tables were checked', brokenViews: []},
}

async function checkRest(
  deps: VerifyDeps,
  signal?: AbortSignal,
): Promise<{catalog: CatalogCheck} & ReturnType<typeof findLeftovers>> {
  const entries = await deps.folders.walk(deps.files.root, signal)
  // Read after the walk: a pull that installs a table meanwhile must not make it look unowned.
  const {state} = await readSyncState(deps.files)
  const catalog = await checkCatalog(deps, state, signal)
  return {...findLeftovers(entries, state, deps.clock.now()), catalog}
}

function tableOf(state: SyncState, name: string): InstalledTable {
  const table = state.tables.get(name)
  if (table) return table
  throw new MissingError(`The table ${name} is not on this computer.`, {
    code: 'table_not_installed',
    hint: 'Run `agnes status` to see which tables are here.',
    details: {table: name},
  })
}

/** A pull may have replaced a file while it was read: what the state says by now is looked at again. */
async function confirm(
  files: Files,
  found: readonly FileProblem[],
  {before, signal}: {before: SyncState; signal?: AbortSignal},
): Promise<FileProblem[]> {
  if (found.length === 0) return []
  const {state} = await readSyncState(files)
  const isSame = ({table}: FileProblem) =>
    JSON.stringify(state.tables.get(table)?.files) ===
    JSON.stringify(before.tables.get(table)?.files)
  const moved = new Set(found.filter((problem) => !isSame(problem)).map(({table}) => table))
  const again = [...moved].flatMap((name) => state.tables.get(name) ?? [])
  const onProgress = () => {}
  return [...found.filter(isSame), ...(await checkFiles({files, onProgress}, again, signal))]
}
