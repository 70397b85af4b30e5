import type {Dirent, Stats} from 'node:fs'
import {lstat, readdir, realpath, stat} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import {UsageError} from '../errors.js'
import type {DiskEntry, Folders} from '../ports/folders.js'

/** Folders of this computer, through node's fs. */
export const nodeFolders: Folders = {
  async realPath(path) {
    const missing: string[] = []
    for (let known = resolve(path); ; known = dirname(known)) {
      try {
        return join(await realpath(known), ...missing)
      } catch (error) {
        if (!isMissing(error) || dirname(known) === known) throw denied(error, known)
        missing.unshift(basename(known))
      }
    }
  },

  async kindOf(path) {
    const facts = await factsOf(path)
    if (!facts) return 'missing'
    return facts.isDirectory() ? 'folder' : facts.isFile() ? 'file' : 'other'
  },

  async modeOf(path) {
    if (process.platform === 'win32') return undefined
    const facts = await factsOf(path)
    return facts && facts.mode & 0o777
  },

  async walk(path, signal) {
    const found: DiskEntry[] = []
    await walkInto(path, '', {found, signal})
    return found
  },
}

async function walkInto(
  root: string,
  below: string,
  into: {found: DiskEntry[]; signal: AbortSignal | undefined},
): Promise<void> {
  into.signal?.throwIfAborted()
  for (const entry of await entriesOf(join(root, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const facts = await lstat(join(root, path)).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw denied(error, path)
    })
    if (!facts) continue
    into.found.push(describe(path, facts))
    if (facts.isDirectory()) await walkInto(root, path, into)
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, {withFileTypes: true})
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (isMissing(error)) return []
    throw denied(error, folder)
  }
}

function describe(path: string, facts: Stats): DiskEntry {
  return {
    path,
    kind: facts.isFile() ? 'file' : facts.isDirectory() ? 'folder' : 'other',
    sizeBytes: facts.size,
    // Windows reports no blocks; the apparent size is the best there is.
    allocatedBytes: process.platform === 'win32' ? facts.size : facts.blocks * 512,
    mtimeMs: Math.trunc(facts.mtimeMs),
    sharedId: facts.isFile() && facts.nlink > 1 ? `${facts.dev}:${facts.ino}` : null,
  }
}

async function factsOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw denied(error, path)
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function denied(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (!['EACCES', 'EPERM', 'ELOOP'].includes(code)) return error
  return new UsageError(`${path} cannot be looked at (${code}).`, {
    code: 'no_permission',
    hint: 'Check who owns the folder, or name another one.',
    details: {path, errno: code},
    cause: error,
  })
}
