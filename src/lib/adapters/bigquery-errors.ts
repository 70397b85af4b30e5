import {
  AgnesError,
  AuthError,
  ForbiddenError,
  MissingError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnexpectedError,
  UnreachableError,
} from '../errors.js'
import {sanitize} from '../present/sanitize.js'

/** An error of the client library, as far as it is used here. */
interface ForeignError {
  code?: unknown
  message?: string
  errors?: {reason?: string; message?: string}[]
}

const QUOTA = [
  'quotaExceeded',
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'jobRateLimitExceeded',
]

/** A failure of the client library as one of ours; `project` is the one that pays. */
export function bigQueryError(error: unknown, project: string): AgnesError {
  if (error instanceof AgnesError) return error
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as ForeignError
  const reasons = (foreign.errors ?? []).flatMap(({reason}) => reason ?? [])
  const text = engineText(foreign)
  const options = {details: {engine: text, reasons, project}, cause: error}
  const has = (...wanted: string[]) => reasons.some((reason) => wanted.includes(reason))
  if (has('bytesBilledLimitExceeded'))
    return new TooLargeError(`BigQuery refused to read that much, and read nothing. ${text}`, {
      ...options,
      code: 'over_max_bytes',
      hint: 'Name fewer columns and filter by the partition column, or allow more with --max-bytes.',
    })
  if (has('responseTooLarge'))
    return new TooLargeError(`The answer is too large for BigQuery to send. ${text}`, {
      ...options,
      code: 'bq_response_too_large',
      hint: 'Aggregate or filter in the SQL.',
    })
  if (has(...QUOTA))
    return new RateLimitedError(`A quota of the project ${project} is used up. ${text}`, {
      ...options,
      code: 'bigquery_quota',
      hint: 'Wait, or ask whoever runs the project for a larger quota.',
    })
  return byStatus(foreign, {text, project, options})
}

interface Told {
  text: string
  project: string
  options: {details: Record<string, unknown>; cause: unknown}
}

function byStatus({code}: ForeignError, {text, project, options}: Told): AgnesError {
  if (typeof code === 'string' || code === undefined) return byText({text, project, options})
  const status = Number(code)
  if (status === 400)
    return new QueryError(`BigQuery refused the SQL: ${text}`, {
      ...options,
      code: 'bq_bad_request',
      hint: 'Correct the SQL. It is in the dialect of BigQuery.',
    })
  if (status === 401) return notSignedIn(text, options)
  if (status === 403)
    return new ForbiddenError(`BigQuery refuses you this. ${text}`, {
      ...options,
      code: 'bq_forbidden',
      hint: `Ask for the roles BigQuery Job User in ${project} and BigQuery Data Viewer on the data.`,
    })
  if (status === 404)
    return new MissingError(`BigQuery has no such thing. ${text}`, {
      ...options,
      code: 'bigquery_not_found',
      hint: 'Write the table as `project.dataset.table`, and check the location.',
    })
  if (status === 429)
    return new RateLimitedError(`BigQuery is asked too often. ${text}`, {
      ...options,
      code: 'bigquery_quota',
      hint: 'Wait a minute, then run this again.',
    })
  return new ServerError(`BigQuery failed (${status}). ${text}`, {
    ...options,
    code: 'bq_upstream_error',
    hint: 'Nothing is wrong with the query. Run it again in a few minutes.',
  })
}

/** Without a status: the credentials could not be read, or the network failed. */
function byText({text, project, options}: Told): AgnesError {
  const isNetwork = codesOf(options.cause).some((code) => NETWORK.test(code) && code !== 'ENOENT')
  if (isNetwork || /socket hang up|network|timeout/i.test(text))
    return new UnreachableError(`BigQuery cannot be reached. ${text}`, {
      ...options,
      code: 'bigquery_unreachable',
      hint: 'Check the connection, or leave your own project out to ask through the server.',
    })
  if (/credential|authenticat|invalid_grant|invalid_rapt|key ?file|ENOENT|unauthorized/i.test(text))
    return notSignedIn(text, options)
  return new UnexpectedError(`BigQuery's answer for ${project} cannot be understood. ${text}`, {
    ...options,
    hint: 'This is a bug in agnes. Run the command again with AGNES_DEBUG=1 and report what it prints.',
  })
}

const NETWORK = /^(E[A-Z_]+|UND_ERR\w*)$/

/** Codes of an error and of what it was caused by. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const {code} = error as {code?: unknown}
  return [...(typeof code === 'string' ? [code] : []), ...codesOf(error.cause)]
}

function notSignedIn(text: string, options: Told['options']): AuthError {
  return new AuthError(`BigQuery does not accept your credentials, or there are none. ${text}`, {
    ...options,
    code: 'auth_failed',
    hint: 'Run `gcloud auth application-default login`, or name a key with bigquery.key_file in config.yaml.',
  })
}

function engineText({message, errors}: ForeignError): string {
  const text = errors?.find((one) => one.message !== undefined)?.message ?? message ?? ''
  return sanitize(text).trim()
}
