import {
  AuthError,
  ForbiddenError,
  InterruptedError,
  MissingError,
  RateLimitedError,
  ServerError,
  toAgnesError,
  UnreachableError,
  type AgnesError,
} from '../errors.js'

/** What a failed upload means for the transcript and for the rest of the run. */
export interface FailureClass {
  error: AgnesError
  /** HTTP status, where there was an answer. */
  status: number | null
  /**
   * - `stop`: nothing else will go through now; no transcript is to blame.
   * - `refused`: this one will not go through until it changes.
   * - `later`: this one, after a pause that grows with each failure.
   */
  outcome: 'stop' | 'refused' | 'later'
}

const REFUSED = new Set([400, 413, 422])
const REFUSED_CODES = new Set(['line_too_long', 'foreign_lines'])
const FIRST_PAUSE_MS = 5 * 60_000
const LONGEST_PAUSE_MS = 24 * 3_600_000

export function classifyFailure(thrown: unknown): FailureClass {
  const error = toAgnesError(thrown)
  const status = typeof error.details.status === 'number' ? error.details.status : null
  return {error, status, outcome: outcomeOf(error, status)}
}

/** Pause after the given number of failures in a row: 5 minutes, doubled each time, a day at most. */
export function pauseMs(attempts: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20))
}

function outcomeOf(error: AgnesError, status: number | null): FailureClass['outcome'] {
  if (REFUSED_CODES.has(error.code)) return 'refused'
  if (
    error instanceof ForbiddenError ||
    error instanceof MissingError ||
    error instanceof ServerError
  )
    return 'later'
  if (
    error instanceof AuthError ||
    error instanceof RateLimitedError ||
    error instanceof UnreachableError ||
    error instanceof InterruptedError
  )
    return 'stop'
  if (status !== null && REFUSED.has(status)) return 'refused'
  // A redirect says where the server lives, a full disk that no ledger can be kept.
  if ((status !== null && status >= 300 && status < 400) || error.code === 'disk_full')
    return 'stop'
  // No list of private sessions, no upload.
  if (error.code === 'private_list_unreadable' || error.code === 'settings_damaged') return 'stop'
  return 'later'
}
