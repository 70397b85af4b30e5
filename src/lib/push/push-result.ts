import type {ErrorDocument} from '../errors.js'

/** The `--json` document of `agnes push`. */
export interface PushResult {
  /** Absolute. */
  workspace: string
  /** Origin. */
  server: string
  isDryRun: boolean
  /** False when something that should have gone did not. */
  ok: boolean
  /** Sent now, or with `--dry-run` what would be; oldest first. */
  sessions: PushedSession[]
  failed: FailedSession[]
  /** Sessions left as they are, by reason. */
  skipped: {
    /** The server has them. */
    unchanged: number
    private: number
    /** Turned down before and not changed since. */
    refused: number
    /** Failed a while ago; tried again later. */
    waiting: number
    /** Do not say yet which folder they belong to. */
    unknown: number
    /** Not tried, because the run stopped early. */
    remaining: number
    /** Not asked for: another session than `--session` names, or too young for `--idle`. */
    passedOver: number
  }
  /** `.claude/CLAUDE.local.md`. */
  notes: {state: NotesState; redactions: number}
  /** Lines of the ledger that could not be read; what they recorded was sent again. */
  damagedLedgerRows: number
  durationMs: number
  /** Why `ok` is false, in the form of every other failure. */
  error: ErrorDocument['error'] | null
}

export type NotesState =
  'sent' | 'would_send' | 'unchanged' | 'absent' | 'empty' | 'outside' | 'failed' | 'not_tried'

export interface PushedSession {
  sessionId: string
  /** Bytes of the transcript on disk. */
  bytes: number
  /** Bytes after redaction, before compression. */
  sentBytes: number
  /** Files it went as. */
  parts: number
  /** Secrets taken out, by kind. */
  redactions: Record<string, number>
  /** Where the first thousand are, with `--dry-run`; otherwise empty. */
  findings: {line: number; kind: string; preview: string}[]
}

export interface FailedSession {
  sessionId: string
  /** HTTP status; `null` where there was no answer. */
  status: number | null
  code: string
  message: string
  /** Not tried again until the transcript changes. */
  isPermanent: boolean
  /** ISO 8601; when a hook tries again. `null` when permanent. */
  retryAt: string | null
}
