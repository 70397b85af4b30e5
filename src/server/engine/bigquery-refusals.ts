import {
  AgnesError,
  AuthError,
  ForbiddenError,
  MissingError,
  QueryError,
  RateLimitedError,
  TooLargeError,
} from '../../lib/errors.js'
import {ApiError} from '../api-error.js'
import {scanTooLarge} from './query-refusals.js'

/** Failures of BigQuery as the two dialects of the contract (1.1, 1.2) word them. */
export type Dialect = 'query' | 'scan'

export interface Asked {
  dialect: Dialect
  /** Names, for the refusal above a ceiling. */
  tables: readonly string[]
  maxBytes: number
}

export function bigQueryRefusal(error: unknown, {dialect, tables, maxBytes}: Asked): unknown {
  if (!(error instanceof AgnesError)) return error
  const message = String(error.details.engine ?? error.message)
  if (error instanceof TooLargeError && error.code === 'over_max_bytes')
    return scanTooLarge({scanBytes: maxBytes + 1, limitBytes: maxBytes, tables})
  if (error instanceof QueryError)
    return dialect === 'query'
      ? new ApiError(400, {
          kind: 'remote_estimate_failed',
          message: 'BigQuery refused the statement.',
          hint: 'Check the names of columns and functions: agnes schema TABLE',
          underlying: message,
        })
      : new ApiError(400, {error: 'bq_bad_request', message, details: {}})
  const [kind, status] = kindOf(error)
  if (kind === null) return error
  const hint = error.hint ?? ''
  return dialect === 'query'
    ? new ApiError(502, {kind, message, hint})
    : new ApiError(status, {error: kind, message, details: {hint}})
}

function kindOf(error: AgnesError): [kind: string | null, scanStatus: number] {
  if (error instanceof AuthError) return ['auth_failed', 502]
  if (error instanceof ForbiddenError) return ['bq_forbidden', 502]
  if (error instanceof TooLargeError) return ['bq_response_too_large', 400]
  if (error instanceof MissingError || error instanceof RateLimitedError)
    return ['bq_upstream_error', 502]
  return error.exitCode === 5 || error.exitCode === 9 ? ['bq_upstream_error', 502] : [null, 500]
}
