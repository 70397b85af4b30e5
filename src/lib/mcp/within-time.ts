import {TooLargeError} from '../errors.js'
import type {Clock} from '../ports/clock.js'

/** Longer than any sensible question to local tables takes; a runaway one is stopped here. */
export const LOCAL_QUERY_MS = 60_000

/** `TooLargeError` (code `query_too_long`) for work that is not done in time; it is stopped then. */
export async function withinTime<T>(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const late = new AbortController()
  const done = new AbortController()
  const tooLong = new TooLargeError('The query ran for a minute without an end and was stopped.', {
    code: 'query_too_long',
    hint: 'Filter or aggregate earlier, and look for a join without a condition.',
  })
  const alarm = clock.sleep(LOCAL_QUERY_MS, done.signal).then(
    () => late.abort(tooLong),
    () => {},
  )
  try {
    return await work(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    throw late.signal.aborted && !signal.aborted ? tooLong : error
  } finally {
    done.abort()
    await alarm
  }
}
