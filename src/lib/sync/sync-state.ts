import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {decodeDocument} from './state-document.js'
import {applyRecord, parseJournal, type SwapRecord} from './state-journal.js'
import type {InstalledTable, SyncState} from './state-model.js'

/**
 * What is installed in a workspace, and from where. *Installed*: the bytes were verified and sit at
 * their final path, or are about to be moved there by a swap that is already committed. Reading never
 * writes; only a pull, which holds the pull lock, changes anything (state-store.ts).
 */

export {emptySyncState} from './state-model.js'
export type {InstalledFile, InstalledTable, ListedTable, SyncState} from './state-model.js'

/**
 * What is installed, from `sync_state.json` and its journal. A damaged file reads as empty and says so.
 * A table of one file in the middle of a swap is the old one until its path holds the new bytes; `files`
 * of a partitioned one name the new bytes wherever they are at this moment. When a file is not as it
 * says by the time it is opened, read the state again.
 */
export async function readSyncState(
  files: Files,
): Promise<{state: SyncState; damage: string | null}> {
  // The journal first: what is folded into the document meanwhile is only applied twice.
  const journal = await files.readText(workspacePaths.stateJournal)
  const {state, damage} = decodeDocument(await files.readText(workspacePaths.state))
  const {records, damage: journalDamage} = parseJournal(journal)
  const pending = new Map<string, SwapRecord>()
  const earlier = new Map<string, InstalledTable | undefined>()
  for (const record of records) {
    if (record.op === 'swap' && !pending.has(record.name))
      earlier.set(record.name, state.tables.get(record.name))
    applyRecord(state, pending, record)
  }
  for (const swap of pending.values())
    await resolveStaged(files, state, {swap, earlier: earlier.get(swap.name)})
  return {state, damage: damage ?? journalDamage}
}

async function resolveStaged(
  files: Files,
  state: SyncState,
  {swap, earlier}: {swap: SwapRecord; earlier: InstalledTable | undefined},
): Promise<void> {
  const table = state.tables.get(swap.name)
  if (!table) return
  const [only] = swap.renames
  if (only && swap.renames.length === 1 && earlier?.files.length === 1 && !table.isPartitioned) {
    const isOldThere = earlier.files[0]?.path === only[1] && (await files.stat(only[0]))
    if (isOldThere) return void state.tables.set(swap.name, earlier)
  }
  // Points the files at where their bytes are now.
  const stagedAt = new Map(swap.renames.map(([from, to]) => [to, from]))
  for (const file of table.files) {
    const staged = stagedAt.get(file.path)
    if (staged !== undefined && (await files.stat(staged))) file.path = staged
  }
}
