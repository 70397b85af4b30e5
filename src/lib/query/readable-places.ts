import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {withdrawnSource} from '../snapshot/withdrawn-source.js'
import type {SyncState} from '../sync/sync-state.js'

/** What a query may read by path; absolute. */
export interface ReadablePlaces {
  folders: string[]
  files: string[]
}

const PARQUET = '.parquet'

/**
 * The workspace as named and as it really lies, and its data folders where they are links elsewhere. A
 * snapshot of a table that is no longer granted cannot be read by its path either: as long as there is
 * one, everything beside it is named instead of the folders it lies in.
 */
export async function readablePlaces(
  workspace: Files,
  folders: Folders,
  state: SyncState,
): Promise<ReadablePlaces> {
  const realOf = (path: string) => folders.realPath(workspace.absolute(path))
  const {parquet, snapshots} = workspacePaths
  const [root, data, kept] = await Promise.all([realOf(''), realOf(parquet), realOf(snapshots)])
  const withdrawn = await withdrawnFiles(workspace, state)
  if (withdrawn.size === 0)
    return {folders: [...new Set([workspace.root, root, data, kept])], files: []}
  const around = await siblings(workspace, snapshots)
  const beside = (await workspace.list(snapshots)).filter((name) => !withdrawn.has(name))
  const at = (base: string, path: string) => `${base}/${path}`
  const bases = [...new Set([workspace.root, root])]
  return {
    folders: [...bases.flatMap((base) => around.folders.map((path) => at(base, path))), data],
    files: [
      ...bases.flatMap((base) => around.files.map((path) => at(base, path))),
      ...[...bases.map((base) => at(base, snapshots)), kept].flatMap((base) =>
        beside.map((name) => at(base, name)),
      ),
    ],
  }
}

async function withdrawnFiles(workspace: Files, state: SyncState): Promise<Set<string>> {
  const found = new Set<string>()
  for (const file of await workspace.list(workspacePaths.snapshots)) {
    if (!file.endsWith(PARQUET)) continue
    const name = file.slice(0, -PARQUET.length)
    if ((await withdrawnSource(workspace, name, state)) !== null) found.add(file)
  }
  return found
}

/** Everything in the folders above `path`, but not what leads to it. */
async function siblings(workspace: Files, path: string): Promise<ReadablePlaces> {
  const places: ReadablePlaces = {folders: [], files: []}
  const steps = path.split('/')
  for (let depth = 0; depth < steps.length; depth++) {
    const above = steps.slice(0, depth).join('/')
    const names = (await workspace.list(above)).filter((name) => name !== steps[depth])
    const paths = names.map((name) => (above === '' ? name : `${above}/${name}`))
    for (const [sibling, {isDirectory}] of await workspace.statMany(paths))
      places[isDirectory ? 'folders' : 'files'].push(sibling)
  }
  return places
}
