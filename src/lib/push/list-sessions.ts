import type {SessionState} from './plan-push.js'
import {surveySessions, type PushPlace} from './survey.js'

/** The `--json` document of `agnes session list`. */
export interface SessionListing {
  workspace: string
  /** Origin; a session counts as sent when this server has it. */
  server: string
  /** Sessions are private unless marked public. */
  isDefaultPrivate: boolean
  /** Newest first. */
  sessions: SessionEntry[]
}

export interface SessionEntry {
  sessionId: string
  /** ISO 8601; `null` where the transcript does not say. */
  startedAt: string | null
  /** Of the last line, near enough. */
  changedAt: string
  bytes: number
  /** What the next push does with it; see docs/privacy.md. */
  state: SessionState
  /** Why it is refused or waits. */
  reason: string | null
  /** When the server got it last; `null` when never. Also set for sessions made private later. */
  sentAt: string | null
}

/** Every session of the workspace and the plan of the next push for it. Writes nothing, asks nobody. */
export async function listSessions(
  place: PushPlace,
  signal?: AbortSignal,
): Promise<SessionListing> {
  const options = {isPatient: true, areAllRead: true, isWriting: false}
  const {plan, ledger, privacy} = await surveySessions(place, options, signal)
  const sessions = plan.map(({file, state, reason, startedAt}) => ({
    sessionId: file.sessionId,
    startedAt,
    changedAt: new Date(file.mtimeMs).toISOString(),
    bytes: file.sizeBytes,
    state,
    reason,
    sentAt: ledger.sentOf(file.sessionId)?.at ?? null,
  }))
  return {
    workspace: place.workspace.root,
    server: place.origin,
    isDefaultPrivate: privacy.isDefaultPrivate,
    sessions: sessions.reverse(),
  }
}
