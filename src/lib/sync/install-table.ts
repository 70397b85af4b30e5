import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {OnProgress} from '../ports/progress.js'
import type {ManifestTable} from '../wire/manifest.js'
import type {ItemOf, PlannedFetch} from './plan-model.js'
import {encodeTable} from './state-document.js'
import type {InstalledFile, InstalledTable} from './state-model.js'
import type {StateStore} from './state-store.js'
import type {FetchedFile, FetchRequest, TableFetcher} from './table-fetcher.js'
import {stagedFolder, stagedPath} from './table-paths.js'

export interface InstallDeps {
  files: Files
  store: StateStore
  fetcher: TableFetcher
  clock: Clock
  /** Runs a transfer when its turn has come. */
  limit: <T>(work: () => Promise<T>) => Promise<T>
  onProgress: OnProgress
}

/**
 * Fetches what is missing of one table and puts it in place, whole or not at all. The answer is the
 * number of bytes received; the old table stays until every new byte is verified.
 */
export async function installTable(
  deps: InstallDeps,
  item: ItemOf<'download'>,
  signal: AbortSignal,
): Promise<number> {
  const fetched = await fetchAll(deps, item, signal)
  const files = [...item.keep]
  for (const {planned, file} of fetched) files.push(await describe(deps.files, planned, file))
  const table = describeTable(item.table, files, deps.clock)
  await place(deps, {table, removes: item.removes, fetched})
  return fetched.reduce((sum, {file}) => sum + file.sizeBytes, 0)
}

interface Fetched {
  planned: PlannedFetch
  file: FetchedFile
}

/** Waits for all of them: parts that arrive beside a failing one need not be fetched again next time. */
async function fetchAll(
  deps: InstallDeps,
  item: ItemOf<'download'>,
  signal: AbortSignal,
): Promise<Fetched[]> {
  const done = new Map<string, number>()
  const advance = (path: string, bytes: number) => {
    done.set(path, bytes)
    const doneBytes = [...done.values()].reduce((sum, count) => sum + count, 0)
    deps.onProgress({kind: 'advance', id: item.name, doneBytes})
  }
  const outcomes = await Promise.allSettled(
    item.fetches.map((planned) =>
      deps.limit(async () => {
        signal.throwIfAborted()
        if (done.size === 0)
          deps.onProgress({kind: 'start', id: item.name, title: item.name, totalBytes: item.bytes})
        advance(planned.path, 0)
        const request = {
          table: item.name,
          part: planned.part,
          md5: planned.hash,
          sizeBytes: planned.sizeBytes,
        }
        const staged = await findStaged(deps.files, request, signal)
        if (staged) return {planned, file: staged}
        const file = await deps.fetcher.fetch(
          request,
          (bytes) => advance(planned.path, bytes),
          signal,
        )
        return {planned, file}
      }),
    ),
  )
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure) throw failure.reason
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
}

async function describe(
  files: Files,
  planned: PlannedFetch,
  file: FetchedFile,
): Promise<InstalledFile> {
  const facts = await files.stat(file.path)
  const isOther = planned.part !== null && planned.hash !== null && planned.hash !== file.md5
  return {
    path: planned.path,
    sizeBytes: file.sizeBytes,
    mtimeMs: facts?.mtimeMs ?? -1,
    md5: file.md5,
    ...(isOther ? {listedHash: planned.hash!} : {}),
  }
}

/** The state's view of a table whose bytes are right. The manifest's hash is kept, not the bytes'. */
export function describeTable(
  table: ManifestTable,
  files: InstalledFile[],
  clock: Clock,
): InstalledTable {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    name: table.name,
    hash: table.hash ?? '',
    rows: table.rows,
    sizeBytes: sorted.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0),
    isPartitioned: table.parts !== null,
    files: sorted,
    installedAt: new Date(clock.now()).toISOString(),
    updated: table.updated,
    queryMode: table.queryMode,
  }
}

async function place(
  {files, store}: Pick<InstallDeps, 'files' | 'store'>,
  change: {table: InstalledTable; removes: string[]; fetched: Fetched[]},
): Promise<void> {
  const {table, removes, fetched} = change
  const {name} = table
  const entry = encodeTable(table)
  const [only] = fetched
  const isNew = !store.state.tables.has(name)
  if (isNew && !table.isPartitioned && removes.length === 0 && only) {
    // Nobody reads what no record names. A crash before it is made leaves the bytes in place, and the
    // next pull takes them over by their hash.
    await files.install(only.file.path, only.planned.path)
    await store.commit({op: 'table', name, entry})
    return
  }
  const renames: [string, string][] = []
  for (const {planned, file} of fetched) {
    const from = planned.part === null ? file.path : stagedPath(name, planned.part)
    if (from !== file.path) await files.install(file.path, from)
    renames.push([from, planned.path])
  }
  await store.swap({op: 'swap', name, entry, renames, removes, isBlocked: false})
  if (table.isPartitioned) await files.remove(stagedFolder(name))
}

/** A part that a killed run had verified and moved, but not committed. */
async function findStaged(
  files: Files,
  {table, part, md5}: FetchRequest,
  signal: AbortSignal,
): Promise<FetchedFile | undefined> {
  if (part === null || md5 === null) return undefined
  const path = stagedPath(table, part)
  const facts = await files.stat(path)
  if (!facts || (await files.md5(path, signal)) !== md5) return undefined
  return {path, sizeBytes: facts.sizeBytes, md5}
}
