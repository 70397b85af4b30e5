import type {Clock} from '../../lib/ports/clock.js'
import {ApiError} from '../api-error.js'

export interface Deadline {
  signal: AbortSignal
  /** Stops the clock; call it when the work is over. */
  clear(): void
}

/** Aborts with the caller's reason, or with a 504 after `ms`. */
export function startDeadline(clock: Clock, ms: number, caller?: AbortSignal): Deadline {
  const timeout = new AbortController()
  const over = new AbortController()
  clock.sleep(ms, over.signal).then(
    () => timeout.abort(tooSlow(ms)),
    () => undefined,
  )
  return {
    signal: caller ? AbortSignal.any([caller, timeout.signal]) : timeout.signal,
    clear: () => over.abort(),
  }
}

function tooSlow(ms: number): ApiError {
  return new ApiError(504, {
    reason: 'remote_statement_timeout',
    message: `The statement was stopped after ${Math.round(ms / 1000)} seconds.`,
    hint: 'Filter on the partition column, select fewer columns, or take a snapshot of a part of the table.',
  })
}
