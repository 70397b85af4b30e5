import {AgnesError} from '../errors.js'
import {readSyncState, type SyncState} from '../sync/sync-state.js'
import {snapshotNames} from './snapshot-record.js'
import {dropSnapshotViews, type ViewDeps} from './snapshot-view.js'
import {withdrawnSource} from './withdrawn-source.js'

/** A snapshot that no query reads any more, and the table that is no longer granted. */
export interface BlockedSnapshot {
  name: string
  table: string
}

/**
 * Takes the views of snapshots out of the catalog whose source is no longer granted: other tools must
 * not read through them what queries refuse. The engine is loaded only when there is such a snapshot.
 * @param state as the last pull left it; read when it is not given
 * @returns a sentence for each failure; the catalog being held by another program is none to end a command
 */
export async function withdrawViews(
  deps: ViewDeps,
  state: SyncState | null,
  signal: AbortSignal,
): Promise<string[]> {
  return (await blockSnapshots(deps, state, signal)).warnings
}

/** As `withdrawViews`, and says which snapshots it is about, those of earlier times too. */
export async function blockSnapshots(
  deps: ViewDeps,
  state: SyncState | null,
  signal: AbortSignal,
): Promise<{blocked: BlockedSnapshot[]; warnings: string[]}> {
  const {files} = deps
  const names = await snapshotNames(files)
  if (names.length === 0) return {blocked: [], warnings: []}
  const known = state ?? (await readSyncState(files)).state
  const blocked: BlockedSnapshot[] = []
  for (const name of names) {
    const table = await withdrawnSource(files, name, known)
    if (table !== null) blocked.push({name, table})
  }
  const withdrawn = blocked.map(({name}) => name)
  try {
    await dropSnapshotViews(deps, withdrawn, signal)
    return {blocked, warnings: []}
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AgnesError)) throw error
    const warning = `Other tools still see ${withdrawn.join(', ')}, made from a table that is no longer granted to you: ${error.message}`
    return {blocked, warnings: [warning]}
  }
}
