import type {LedgerRow, SentRow} from './ledger-rows.js'

export interface AdoptInput {
  /** Size by session id, as the reference client recorded it. */
  reference: ReadonlyMap<string, number>
  rows: readonly LedgerRow[]
  /** The origin pushed to now. */
  server: string
  /** The origin the workspace belongs to, where it says so. */
  workspaceServer: string | undefined
  nowMs: number
}

/**
 * Uploads of the reference client as rows of ours. Its list names no server, so each row is bound, once
 * and for ever, to the server the workspace belonged to when it was first seen: after a change of server
 * everything goes to the new one.
 */
export function adoptReferenceRows(input: AdoptInput): SentRow[] {
  const {reference, rows, server, workspaceServer, nowMs} = input
  if (workspaceServer !== undefined && workspaceServer !== server) return []
  const known = new Set<string>()
  const largest = new Map<string, number>()
  for (const row of rows) {
    if (row.kind !== 'sent') continue
    known.add(`${row.session} ${row.bytes}`)
    if (row.server === server)
      largest.set(row.session, Math.max(largest.get(row.session) ?? 0, row.bytes))
  }
  return [...reference]
    .filter(([session, bytes]) => !known.has(`${session} ${bytes}`))
    .filter(([session, bytes]) => bytes > (largest.get(session) ?? -1))
    .map(([session, bytes]) => ({
      kind: 'sent',
      server,
      session,
      bytes,
      fileBytes: bytes,
      mtimeMs: null,
      sha256: null,
      parts: 1,
      at: new Date(nowMs).toISOString(),
    }))
}
