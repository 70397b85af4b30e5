import {bytesText} from '../cells/amount-text.js'
import {RateLimitedError} from '../errors.js'

/** True where a running query of the same person is in the way: it passes by itself, soon. */
export function isSlotTaken(error: unknown): error is RateLimitedError {
  return error instanceof RateLimitedError && kindOf(error) === 'concurrent_scans'
}

/** A quota of the server, told with what is used, what is allowed and when there is more. */
export function quotaError(cause: RateLimitedError): RateLimitedError {
  const {code, details, retryAfterMs} = cause
  const {current, limit} = fieldsOf(cause)
  const options = {code, details, cause, ...(retryAfterMs === undefined ? {} : {retryAfterMs})}
  const amounts = (text: (value: number) => string) =>
    typeof current === 'number' && typeof limit === 'number'
      ? ` (${text(current)} of ${text(limit)})`
      : ''
  switch (kindOf(cause)) {
    case 'concurrent_scans':
      return new RateLimitedError(
        `Other queries of yours are still running on the server${amounts(String)}.`,
        {...options, hint: 'Wait for one of them to end, then run this again.'},
      )
    case 'daily_bytes':
      return new RateLimitedError(
        `The bytes you may read on the server today are used up${amounts(bytesText)}.`,
        {
          ...options,
          hint: `${when(retryAfterMs)} What is pulled or in a snapshot can be queried all the same.`,
        },
      )
    case 'daily_estimates':
      return new RateLimitedError(
        `The estimates you may ask for today are used up${amounts(String)}.`,
        {...options, hint: when(retryAfterMs)},
      )
    default:
      return new RateLimitedError(`The server takes no more requests now: ${cause.message}.`, {
        ...options,
        hint: when(retryAfterMs),
      })
  }
}

function fieldsOf({details}: RateLimitedError): Record<string, unknown> {
  return (details.server ?? {}) as Record<string, unknown>
}

const KINDS: Record<string, string> = {
  daily_byte_cap_exceeded: 'daily_bytes',
  daily_budget_exceeded: 'daily_bytes',
  daily_estimate_budget_exceeded: 'daily_estimates',
  concurrent_slot_exceeded: 'concurrent_scans',
  concurrent_scans_exceeded: 'concurrent_scans',
}

/** `kind` is the one key that every route sends. */
function kindOf(error: RateLimitedError): string | undefined {
  const {kind} = fieldsOf(error)
  return typeof kind === 'string' ? kind : KINDS[error.code]
}

function when(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) return 'Try again later.'
  const minutes = Math.ceil(retryAfterMs / 60_000)
  if (minutes < 2) return `Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`
  const hours = Math.floor(minutes / 60)
  return `Try again in ${hours === 0 ? '' : `${hours} h `}${minutes % 60} min.`
}
