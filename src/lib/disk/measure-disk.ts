/**
 * Disk: where a workspace's bytes are. Counts what the file system says, never what the state believes.
 * *Apparent* is a file's length, *allocated* what the disk set aside for it.
 */
import {workspacePaths} from '../config/paths.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {DiskEntry, Folders} from '../ports/folders.js'
import {readSyncState} from '../sync/sync-state.js'
import {findLeftovers} from '../verify/find-leftovers.js'

export interface DiskDeps {
  files: Files
  folders: Folders
  clock: Clock
}

export interface DiskReport {
  /** Absolute path. */
  workspace: string
  kinds: DiskKind[]
  total: DiskSum
  /** Free for this user on the disk of the workspace. */
  freeBytes: number
  reclaimable: Reclaimable[]
}

export type KindName = 'tables' | 'snapshots' | 'catalog' | 'partials' | 'notes' | 'state' | 'other'

export interface DiskSum {
  files: number
  /** Apparent. */
  bytes: number
  allocatedBytes: number
}

export interface DiskKind extends DiskSum {
  kind: KindName
  /** Where, relative to the workspace; `''` for everything else. */
  path: string
}

export interface Reclaimable {
  what: 'leftovers' | 'unfinished' | 'unowned'
  files: number
  bytes: number
  /** The command that frees it; `null` where a person must decide. */
  command: string | null
}

/** First match wins. */
const KINDS: readonly {kind: KindName; path: string}[] = [
  {kind: 'tables', path: workspacePaths.parquet},
  {kind: 'snapshots', path: workspacePaths.snapshots},
  {kind: 'catalog', path: folderOf(workspacePaths.catalog)},
  {kind: 'partials', path: workspacePaths.partials},
  {kind: 'notes', path: workspacePaths.rules},
  {kind: 'state', path: folderOf(workspacePaths.state)},
  {kind: 'other', path: ''},
]

export async function measureDisk(deps: DiskDeps, signal?: AbortSignal): Promise<DiskReport> {
  const {files, folders, clock} = deps
  const entries = await folders.walk(files.root, signal)
  const [{state}, freeBytes] = await Promise.all([readSyncState(files), files.freeBytes()])
  const sums = new Map(KINDS.map(({kind}) => [kind, {files: 0, bytes: 0, allocatedBytes: 0}]))
  const total = {files: 0, bytes: 0, allocatedBytes: 0}
  const seen = new Set<string>()
  for (const entry of entries.filter(({kind}) => kind === 'file')) {
    // Two names of one file take its room once.
    const isCounted = entry.sharedId !== null && seen.has(entry.sharedId)
    if (entry.sharedId !== null) seen.add(entry.sharedId)
    const counted = isCounted ? {...entry, allocatedBytes: 0} : entry
    add(sums.get(kindOf(entry.path))!, counted)
    add(total, counted)
  }
  return {
    workspace: files.root,
    kinds: KINDS.map((kind) => ({...kind, ...sums.get(kind.kind)!})),
    total,
    freeBytes,
    reclaimable: reclaimable(findLeftovers(entries, state, clock.now())),
  }
}

function reclaimable({leftovers, unfinished}: ReturnType<typeof findLeftovers>): Reclaimable[] {
  const sum = (found: typeof leftovers) => ({
    files: found.length,
    bytes: found.reduce((bytes, {sizeBytes}) => bytes + sizeBytes, 0),
  })
  const isUnowned = ({kind}: {kind: string}) => kind === 'unowned'
  const all: Reclaimable[] = [
    {
      what: 'leftovers',
      ...sum(leftovers.filter((file) => !isUnowned(file))),
      command: 'agnes verify --repair',
    },
    {what: 'unfinished', ...unfinished, command: 'agnes pull'},
    {what: 'unowned', ...sum(leftovers.filter(isUnowned)), command: null},
  ]
  return all.filter(({files}) => files > 0)
}

function kindOf(path: string): KindName {
  return KINDS.find((kind) => kind.path === '' || path.startsWith(`${kind.path}/`))!.kind
}

function add(sum: DiskSum, {sizeBytes, allocatedBytes}: DiskEntry): void {
  sum.files++
  sum.bytes += sizeBytes
  sum.allocatedBytes += allocatedBytes
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
