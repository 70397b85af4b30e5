/**
 * The daemon keeps every registered workspace fresh. Vocabulary: a *watch* asks one server, once for all
 * its workspaces, whether anything changed; a *loop* belongs to one workspace and does one thing at a
 * time; a *job* is another run of this CLI that does the work and ends; a *finding* is something a sensor
 * noticed, with the command that mends it; the *board* is what `agnes daemon status` reads.
 *
 * This room decides when; what is done is done by the same commands a person would type. It must not
 * touch a table, a catalog or a token itself, and holds no file of a workspace open.
 */

/** What a loop is doing. An error is a state: the loop lives on. */
export type LoopState =
  | {kind: 'idle'}
  | {kind: 'scanning'}
  | {kind: 'pulling'; since: string}
  | {kind: 'mending'; since: string; command: string}
  | {kind: 'held'; why: Hold; since: string}
  | {kind: 'error'; code: string; message: string; since: string; failures: number}
  | {kind: 'stopping'}

/** Why work that is due is not done now. */
export type Hold = 'paused' | 'quiet_hours' | 'on_battery' | 'metered' | 'disk_low'

/** Times are ISO 8601, `null` for never. */
export interface WorkspaceStatus {
  /** Absolute path. */
  path: string
  /** Origin of its server. */
  server: string
  state: LoopState
  /** The last time it was known to be as the server lists it. */
  freshAt: string | null
  lastPullAt: string | null
  /** When the loop looks again at the latest. */
  nextLookAt: string | null
}

export interface ServerStatus {
  origin: string
  /** Whether it answers 304, and is asked more often then. */
  isConditional: boolean
  lastAskedAt: string | null
  /** When the last question was put that it answered. */
  lastAnsweredAt: string | null
  nextAskAt: string | null
  /** `null` while it answers. */
  error: {code: string; message: string; since: string; failures: number} | null
  /** Requests sent to it by the watch since the daemon started. */
  requests: number
}

/** `auto` does it, `notify` tells of it, `ask` waits for an approval, `off` does not even look. */
export type Policy = 'auto' | 'notify' | 'ask' | 'off'

export const FINDING_KINDS = [
  'files_altered',
  'catalog_behind',
  'partials_orphaned',
  'hooks_altered',
  'push_waiting',
  'snapshot_expired',
  'pull_too_big',
  'token_expiring',
  'disk_low',
  'server_unreachable',
  'grant_lost',
] as const
export type FindingKind = (typeof FINDING_KINDS)[number]

/** What a sensor saw. The same kind and subject in the same workspace is the same finding. */
export interface Observation {
  kind: FindingKind
  /** What it is about within the workspace, such as a table; `''` for the workspace as a whole. */
  subject: string
  /** A sentence. */
  message: string
  /** Words after `agnes` that mend it, run in the workspace; `null` when only a person can. */
  action: readonly string[] | null
}

export interface Finding extends Observation {
  /** Eight hex digits: what `approve` and `deny` take. */
  id: string
  /** Absolute path; the origin of a server for what concerns all its workspaces. */
  workspace: string
  policy: Policy
  /**
   * `open`: told, or about to be mended; `waiting`: needs an approval; `approved`: to be mended next;
   * `denied`: left alone; `broken`: mending did not help three times, a person has to look.
   */
  state: 'open' | 'waiting' | 'approved' | 'denied' | 'broken'
  since: string
  attempts: number
}

export interface DaemonStatus {
  pid: number
  version: string
  startedAt: string
  /** `null`, or until when (ISO 8601); `'resumed'` ends it. */
  pausedUntil: string | null
  workspaces: WorkspaceStatus[]
  servers: ServerStatus[]
  findings: Finding[]
}
