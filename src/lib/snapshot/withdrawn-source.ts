import type {Files} from '../ports/files.js'
import type {SyncState} from '../sync/sync-state.js'
import {readRecord, readSidecar} from './snapshot-record.js'

/**
 * The table a snapshot was made from that is no longer granted; `null` when all are, or when nobody can
 * tell. Only what a pull knew before can be missed by a later one.
 */
export async function withdrawnSource(
  files: Files,
  name: string,
  state: SyncState,
): Promise<string | null> {
  const record = await readRecord(files, name)
  if (!record) {
    const table = (await readSidecar(files, name))?.table_id
    return typeof table === 'string' && isBlocked(table, state) ? table : null
  }
  const isNewer = state.lastSuccessAt !== null && state.lastSuccessAt > record.fetchedAt
  const isSameServer = state.server === record.server
  const gone = record.sources.find(
    (source) =>
      isBlocked(source.name, state) ||
      (isNewer && isSameServer && source.wasListed && !isListed(source.name, state)),
  )
  return gone?.name ?? null
}

/** Whether the last pull knows the table. */
export function isListed(name: string, state: SyncState): boolean {
  const folded = name.toLowerCase()
  return (
    [...state.tables.keys()].some((table) => table.toLowerCase() === folded) ||
    state.listed.some((table) => table.name.toLowerCase() === folded)
  )
}

function isBlocked(name: string, state: SyncState): boolean {
  const folded = name.toLowerCase()
  return state.blockedNames.some((blocked) => blocked.toLowerCase() === folded)
}
