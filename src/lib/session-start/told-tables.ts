import {workspacePaths as paths} from '../config/paths.js'
import {AgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import {readSyncState} from '../sync/sync-state.js'

/** Tables that came and went since a session was last told. */
export interface TableNews {
  appeared: string[]
  vanished: string[]
}

const NONE: TableNews = {appeared: [], vanished: []}

/**
 * `.claude/agnes/told-tables.txt`: the first line says which state the last session start saw (size and
 * time), the others name its tables. Only a state that moved is read.
 */
export async function takeTableNews(files: Files): Promise<TableNews> {
  const found = await files.statMany([paths.state, paths.stateJournal])
  const state = found.get(paths.state)
  const journal = found.get(paths.stateJournal)
  if (!state && !journal) return NONE
  const mark = `${state?.sizeBytes ?? 0} ${state?.mtimeMs ?? 0}`
  const told = await files.readText(paths.toldTables)
  const [seen, ...before] = (told ?? '').split('\n').filter((line) => line !== '')
  if (seen === mark) return NONE
  const now = [...(await readSyncState(files)).state.tables.keys()].sort()
  const text = `${[mark, ...now].join('\n')}\n`
  await files.writeAtomic(paths.toldTables, text, {isDurable: false}).catch((error: unknown) => {
    // On a full disk the same is told again; what else the session has to know is told at all.
    if (!(error instanceof AgnesError)) throw error
  })
  if (told === undefined) return NONE
  const [old, fresh] = [new Set(before), new Set(now)]
  return {
    appeared: now.filter((name) => !old.has(name)),
    vanished: before.filter((name) => !fresh.has(name)),
  }
}
