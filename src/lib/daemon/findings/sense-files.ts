import {workspacePaths} from '../../config/paths.js'
import type {Files} from '../../ports/files.js'
import {isAsSettled, readLastPull} from '../../session-start/last-pull.js'
import {readSyncState, type SyncState} from '../../sync/sync-state.js'
import type {Observation} from '../model.js'

/** A partial this old belongs to no download that is still going on. */
const ORPHAN_MS = 7 * 86_400_000
const PULL = ['pull', '--quiet'] as const

/** What a pull left in the workspace, against what is there now. */
export async function senseFiles(files: Files, nowMs: number): Promise<Observation[]> {
  const orphans = await orphanedPartials(files, nowMs)
  const last = await readLastPull(files)
  if (last?.settled && (await isAsSettled(files, last.settled))) return orphans
  const {state, damage} = await readSyncState(files)
  return [
    ...orphans,
    ...(damage === null
      ? []
      : [altered('', `The record of what is installed is damaged: ${damage}`)]),
    ...(await alteredTables(files, state)),
    ...(state.catalog.behind === null ? [] : [behind(state.catalog.behind)]),
  ]
}

async function alteredTables(files: Files, state: SyncState): Promise<Observation[]> {
  const tables = [...state.tables.values()]
  const found = await files.statMany(tables.flatMap((table) => table.files.map(({path}) => path)))
  const wrong = tables.filter((table) =>
    table.files.some(({path, sizeBytes, mtimeMs}) => {
      const now = found.get(path)
      // Of a file taken over from another client neither is known.
      const isKnown = sizeBytes >= 0 && mtimeMs >= 0
      return !now || (isKnown && (now.sizeBytes !== sizeBytes || now.mtimeMs !== mtimeMs))
    }),
  )
  return wrong.map(({name}) => altered(name, `Files of the table ${name} are missing or changed.`))
}

function altered(subject: string, message: string): Observation {
  return {kind: 'files_altered', subject, message, action: PULL}
}

function behind(why: string): Observation {
  const message = `The catalog file is older than the tables (${why}).`
  return {kind: 'catalog_behind', subject: '', message, action: PULL}
}

async function orphanedPartials(files: Files, nowMs: number): Promise<Observation[]> {
  const names = await files.list(workspacePaths.partials)
  const facts = await files.statMany(names.map((name) => `${workspacePaths.partials}/${name}`))
  const old = [...facts.values()].filter(({mtimeMs}) => nowMs - mtimeMs > ORPHAN_MS)
  if (old.length === 0) return []
  const bytes = old.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0)
  const message = `${old.length} unfinished download(s) of ${bytes} bytes are older than a week.`
  return [{kind: 'partials_orphaned', subject: '', message, action: PULL}]
}
