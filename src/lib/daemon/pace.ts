/** How long to wait: pure, so that a day can be tested in a moment. */

const MINUTE_MS = 60_000
/** The longest a failing server is left alone. */
const MAX_BACKOFF_MS = 60 * MINUTE_MS

/**
 * Milliseconds until the next try, spread over a fifth around `baseMs` so that a hundred computers do not
 * ask in step; doubled with every failure in a row, and never less than the server's own wait.
 * @param random a float in [0, 1)
 */
export function nextDelayMs(
  baseMs: number,
  random: number,
  {failures = 0, retryAfterMs = 0}: {failures?: number; retryAfterMs?: number | undefined} = {},
): number {
  const backoff = baseMs * 2 ** Math.min(failures, 16)
  const longest = Math.max(MAX_BACKOFF_MS, baseMs)
  return Math.max(Math.min(backoff, longest) * (0.9 + random * 0.2), retryAfterMs)
}

/** Minutes since midnight, from including, to excluding; past midnight when `to` is not after `from`. */
export interface QuietHours {
  from: number
  to: number
}

/** `22:00-07:00`; `undefined` when it is not that. */
export function parseQuietHours(text: string): QuietHours | undefined {
  const match = /^\s*([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)\s*$/.exec(text)
  if (!match) return undefined
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1).map(Number)
  const from = fromHour! * 60 + fromMinute!
  const to = toHour! * 60 + toMinute!
  return from === to ? undefined : {from, to}
}

/** @param nowMs wall time; the hours are those of the computer's time zone */
export function isQuiet(hours: QuietHours | null, nowMs: number): boolean {
  if (!hours) return false
  const at = new Date(nowMs)
  const minute = at.getHours() * 60 + at.getMinutes()
  return hours.from < hours.to
    ? minute >= hours.from && minute < hours.to
    : minute >= hours.from || minute < hours.to
}
