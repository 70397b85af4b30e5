/**
 * One short line for Claude Code's status bar: private, running late, failing, expiring; empty when all
 * is well. Reads a handful of small files and nothing else: it is rendered again and again.
 */
export interface StatusLineFacts {
  /** `unknown`: the list of private sessions cannot be read, so nothing is sent. */
  privacy: 'private' | 'public' | 'unknown'
  /** Since the last pull with nothing failed; `null` before the first. */
  ageMs: number | null
  staleAfterMs: number
  /** Exit code of the last pull and of the last push; 0 where there was none. */
  pullExitCode: number
  pushExitCode: number
  /** Until the token expires; `null` where it does not say. */
  tokenLeftMs: number | null
  /** A token that lasts longer is not worth telling. */
  renewMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** No connection, and another one at work: neither is a failure to look after. */
const PASSING = [0, 9, 11]

/** At most one phrase of each kind, most urgent first. */
export function statusLine(facts: StatusLineFacts): string {
  const phrases = [
    privacyPhrase(facts),
    tokenPhrase(facts),
    failurePhrase(facts),
    agePhrase(facts),
  ].filter((phrase) => phrase !== null)
  return phrases.length === 0 ? '' : `agnes: ${phrases.join(' · ')}`
}

function privacyPhrase({privacy}: StatusLineFacts): string | null {
  if (privacy === 'private') return 'private session'
  return privacy === 'unknown' ? 'private list unreadable, nothing is sent' : null
}

function tokenPhrase({tokenLeftMs, renewMs}: StatusLineFacts): string | null {
  if (tokenLeftMs === null || tokenLeftMs > renewMs) return null
  return tokenLeftMs <= 0 ? 'sign-in expired' : `sign-in ends in ${short(tokenLeftMs)}`
}

function failurePhrase({pullExitCode, pushExitCode}: StatusLineFacts): string | null {
  const failing = [
    ...(PASSING.includes(pullExitCode) ? [] : ['pull']),
    ...(PASSING.includes(pushExitCode) ? [] : ['push']),
  ]
  return failing.length === 0 ? null : `${failing.join(' and ')} failing, see agnes doctor`
}

function agePhrase({ageMs, staleAfterMs}: StatusLineFacts): string | null {
  return ageMs === null || ageMs <= staleAfterMs ? null : `data ${short(ageMs)} old`
}

function short(ms: number): string {
  return ms < 2 * DAY_MS
    ? `${Math.max(1, Math.floor(ms / HOUR_MS))} h`
    : `${Math.floor(ms / DAY_MS)} d`
}
