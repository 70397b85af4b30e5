import {workspacePaths} from '../config/paths.js'
import type {DiskEntry} from '../ports/folders.js'
import type {SyncState} from '../sync/sync-state.js'
import type {Leftover} from './verify-report.js'

/** Names that only an atomic write of ours gives: `<target>.<12 hex digits>.tmp`. */
const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/
/** Where ours write: the analyst's own folders are not searched. */
const OUR_FOLDERS = ['.claude/', 'server/', 'user/']
const OUR_ROOT_FILE = `${workspacePaths.claudeMd}.`
/** A younger temporary file may belong to an agnes that is running. */
const ABANDONED_MS = 10 * 60_000

export interface Leftovers {
  leftovers: Leftover[]
  unfinished: {files: number; bytes: number}
}

/** Files of ours that nothing owns any more, out of everything in the workspace. Pure. */
export function findLeftovers(
  entries: readonly DiskEntry[],
  state: SyncState,
  nowMs: number,
): Leftovers {
  const files = [...state.tables.values()].flatMap((table) => table.files)
  const owned = new Set(files.map(({path}) => path))
  const installed = new Set(files.map(({md5}) => md5))
  const leftovers: Leftover[] = []
  const unfinished = {files: 0, bytes: 0}
  for (const {path, kind, sizeBytes, mtimeMs} of entries) {
    if (kind === 'folder' || owned.has(path)) continue
    const add = (what: Leftover['kind']) =>
      leftovers.push({path, kind: what, sizeBytes, isRemoved: false})
    if (isTemporary(path)) {
      if (nowMs - mtimeMs > ABANDONED_MS) add('temporary')
    } else if (path.startsWith(`${workspacePaths.partials}/`)) {
      if (installed.has(hashOf(path))) add('orphan')
      else {
        unfinished.files++
        unfinished.bytes += sizeBytes
      }
    } else if (path.startsWith(`${workspacePaths.parquet}/`)) add('unowned')
  }
  return {leftovers, unfinished}
}

function isTemporary(path: string): boolean {
  const isOurs =
    OUR_FOLDERS.some((folder) => path.startsWith(folder)) ||
    (path.startsWith(OUR_ROOT_FILE) && !path.includes('/'))
  return isOurs && TEMPORARY.test(path)
}

/** Partials are named by the hash of what they will be. */
function hashOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return /^[0-9a-f]{32}/.exec(name)?.[0] ?? ''
}
