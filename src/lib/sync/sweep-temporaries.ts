import {workspacePaths} from '../config/paths.js'
import {sweepPartials} from '../download/sweep-partials.js'
import type {Files} from '../ports/files.js'
import {stagingFolder} from './table-paths.js'

const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/

/**
 * Removes what a killed pull left half written. Only with the pull lock held: nobody else writes these
 * files. `wanted`: hashes of the content a next pull will still ask for; `null` when that is not known.
 */
export async function sweepTemporaries(
  files: Files,
  wanted: ReadonlySet<string> | null,
): Promise<void> {
  for (const folder of [folderOf(workspacePaths.state), workspacePaths.rules])
    for (const name of await files.list(folder))
      if (TEMPORARY.test(name) && isOfPull(name)) await files.remove(`${folder}/${name}`)
  if (wanted) await sweepPartials(files, wanted)
  if (wanted?.size === 0 && (await files.stat(stagingFolder))) await files.remove(stagingFolder)
}

/** Whether something may lie about that only a pull takes away. */
export async function hasTemporaries(files: Files): Promise<boolean> {
  if ((await files.list(workspacePaths.partials)).length > 0) return true
  return (await files.stat(stagingFolder)) !== undefined
}

function isOfPull(name: string): boolean {
  return name.startsWith('sync_state.') || name.startsWith('km_')
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
