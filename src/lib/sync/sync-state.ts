import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {decodeDocument} from './state-document.js'
import {applyRecord, parseJournal, type SwapRecord} from './state-journal.js'
import type {SyncState} from './state-model.js'

/**
 * What is installed in a workspace, and from where. *Installed*: the bytes were verified and sit at
 * their final path, or are about to be moved there by a swap that is already committed. Reading never
 * writes; only a pull, which holds the pull lock, changes anything (state-store.ts).
 */

export {emptySyncState} from './state-model.js'
export type {InstalledFile, InstalledTable, ListedTable, SyncState} from './state-model.js'

/**
 * What is installed, from `sync_state.json` and its journal. A damaged file reads as empty and says so.
 * `files` of a table in the middle of a swap name the new bytes wherever they are at this moment; when
 * one of them is gone by the time it is opened, read the state again.
 */
export async function readSyncState(
  files: Files,
): Promise<{state: SyncState; damage: string | null}> {
  const [document, journal] = await Promise.all([
    files.readText(workspacePaths.state),
    files.readText(workspacePaths.stateJournal),
  ])
  const {state, damage} = decodeDocument(document)
  const {records, damage: journalDamage} = parseJournal(journal)
  const pending = new Map<string, SwapRecord>()
  for (const record of records) applyRecord(state, pending, record)
  for (const swap of pending.values()) await resolveStaged(files, state, swap)
  return {state, damage: damage ?? journalDamage}
}

/** Points the files of a half-made swap at where their bytes are now. */
async function resolveStaged(files: Files, state: SyncState, swap: SwapRecord): Promise<void> {
  const table = state.tables.get(swap.name)
  if (!table) return
  const stagedAt = new Map(swap.renames.map(([from, to]) => [to, from]))
  for (const file of table.files) {
    const staged = stagedAt.get(file.path)
    if (staged !== undefined && (await files.stat(staged))) file.path = staged
  }
}
