import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'

const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/

/**
 * Removes what a killed pull left half written. Only with the pull lock held: nobody else writes these
 * files. `isComplete`: nothing is left to fetch, so no partial download is worth keeping either.
 */
export async function sweepTemporaries(files: Files, isComplete: boolean): Promise<void> {
  for (const folder of [folderOf(workspacePaths.state), workspacePaths.rules])
    for (const name of await files.list(folder))
      if (TEMPORARY.test(name) && isOfPull(name)) await files.remove(`${folder}/${name}`)
  if (isComplete && (await files.stat(workspacePaths.partials)))
    await files.remove(workspacePaths.partials)
}

function isOfPull(name: string): boolean {
  return name.startsWith('sync_state.') || name.startsWith('km_')
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
