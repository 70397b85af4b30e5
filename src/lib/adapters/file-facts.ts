import {statSync, type Dirent, type Stats} from 'node:fs'
import {readdir} from 'node:fs/promises'
import {setImmediate as nextTurn} from 'node:timers/promises'
import type {EntryKind, FileFacts} from '../ports/files.js'
import {isMissing, translateFileError} from './file-errors.js'

/** How many files are looked at before other work gets its turn. */
const BATCH = 500

/** Paths that cannot lead anywhere but below: no segment of dots only, no separator but one. */
export const PLAIN = /^\.?[\w-][\w.=-]*(?:\/\.?[\w-][\w.=-]*)*$/

export function factsOf(stats: Stats): FileFacts {
  return {
    sizeBytes: stats.size,
    mtimeMs: Math.trunc(stats.mtimeMs),
    isDirectory: stats.isDirectory(),
  }
}

/** Names directly in a folder, sorted; none where it is not there. */
export async function entriesOf(target: string, path: string): Promise<Map<string, EntryKind>> {
  try {
    const entries = await readdir(target, {withFileTypes: true})
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    return new Map(entries.map((entry) => [entry.name, kindOf(entry)]))
  } catch (error) {
    if (isMissing(error)) return new Map()
    throw translateFileError(error, path)
  }
}

function kindOf(entry: Dirent): EntryKind {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other'
}

/** Synchronous calls in batches: a thread hop per file costs ten times the call itself. */
export async function statMany(
  paths: readonly string[],
  absolute: (path: string) => string,
): Promise<Map<string, FileFacts>> {
  const found = new Map<string, FileFacts>()
  const prefix = `${absolute('.')}/`
  for (const [index, path] of paths.entries()) {
    if (index % BATCH === BATCH - 1) await nextTurn()
    try {
      const stats = statSync(PLAIN.test(path) ? prefix + path : absolute(path), {
        throwIfNoEntry: false,
      })
      if (stats) found.set(path, factsOf(stats))
    } catch (error) {
      if (!isMissing(error)) throw translateFileError(error, path)
    }
  }
  return found
}
