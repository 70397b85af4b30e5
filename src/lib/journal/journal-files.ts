import {basename, dirname} from 'node:path'
import {workspacePaths} from '../config/paths.js'
import {MissingError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Random} from '../ports/random.js'

export interface JournalDeps {
  workspace: Files
  clock: Clock
  random: Random
}

/** A file of this size is put aside before the next line. Some 4,000 decisions. */
export const FULL_BYTES = 4 * 2 ** 20
/** More parts than this are not kept: with the file in use, 64 MiB. */
export const MOST_PARTS = 15

const FOLDER = dirname(workspacePaths.journal)
const CURRENT = basename(workspacePaths.journal, '.ndjson')
const PART = new RegExp(`^${CURRENT}-\\d{8}T\\d{9}Z-[0-9a-f]+\\.ndjson$`)

/** Paths of the parts that were put aside, oldest first. */
export async function journalParts(workspace: Files): Promise<string[]> {
  const names = await workspace.list(FOLDER)
  return names.filter((name) => PART.test(name)).map((name) => `${FOLDER}/${name}`)
}

/**
 * Puts a full journal aside and lets the oldest parts go beyond the bound: what goes is written down first,
 * as a line of the new file. Two processes may do this at once: names are never used twice.
 */
export async function rotate(deps: JournalDeps): Promise<void> {
  const {workspace, clock, random} = deps
  const stamp = new Date(clock.now()).toISOString().replace(/[-:.]/g, '')
  try {
    await workspace.install(
      workspacePaths.journal,
      `${FOLDER}/${CURRENT}-${stamp}-${random.hex(4)}.ndjson`,
    )
  } catch (error) {
    // Another process has put it aside a moment ago.
    if (!(error instanceof MissingError)) throw error
  }
  const parts = await journalParts(workspace)
  for (const path of parts.slice(0, Math.max(0, parts.length - MOST_PARTS))) await letGo(path, deps)
}

async function letGo(path: string, {workspace, clock}: JournalDeps): Promise<void> {
  const text = await workspace.readText(path)
  if (text === undefined) return
  const decisions = text.split('\n').filter((line) => line.startsWith('{"kind":"began"')).length
  const at = new Date(clock.now()).toISOString()
  const line = {kind: 'dropped', at, part: basename(path), decisions}
  await workspace.append(workspacePaths.journal, `${JSON.stringify(line)}\n`)
  await workspace.remove(path)
}
