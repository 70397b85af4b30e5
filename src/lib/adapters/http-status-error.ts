import {
  AuthError,
  ConflictError,
  ForbiddenError,
  MissingError,
  RateLimitedError,
  ServerError,
  UsageError,
  type AgnesError,
  type ErrorDetails,
} from '../errors.js'
import type {Headers} from '../ports/http-client.js'
import {readServerError} from '../wire/server-error.js'

export interface RefusedAnswer {
  origin: string
  path: string
  status: number
  headers: Headers
  body: string
  /** The token is that of AGNES_TOKEN, which beats any sign-in. */
  isEnvToken?: boolean
}

/** Any answer that is not a success, as the error its status stands for. */
export function statusError(answer: RefusedAnswer): AgnesError {
  const {origin, path, status, headers, body} = answer
  if (status >= 300 && status < 400) return redirectError(answer)
  const server = readServerError(body)
  const details: ErrorDetails = {status, path, origin}
  if (server.fields) details.server = server.fields
  const code = server.kind ? {code: server.kind} : {}
  const hint = server.hint ? {hint: server.hint} : {}
  const said = server.message ?? `HTTP ${status}`
  const retryAfterMs = server.retryAfterMs ?? retryAfter(headers)
  const waiting = retryAfterMs === undefined ? {} : {retryAfterMs}
  if (status === 401)
    return new AuthError(`${origin} does not accept the token: ${said}.`, {
      details,
      hint:
        answer.isEnvToken === true
          ? 'The token comes from AGNES_TOKEN: put a valid one there, or unset it and sign in: ' +
            `agnes auth login --server-url ${origin}`
          : `Sign in again: agnes auth login --server-url ${origin}`,
    })
  if (status === 403) return new ForbiddenError(said, {details, ...code, ...hint})
  if (status === 404 || status === 405) return new MissingError(said, {details, ...code, ...hint})
  if (status === 409) return new ConflictError(said, {details, ...code, ...hint})
  if (status === 429) return new RateLimitedError(said, {details, ...code, ...hint, ...waiting})
  if (status >= 500) {
    const text = `${origin} failed with HTTP ${status}: ${said}`
    return new ServerError(text, {details, ...code, ...hint, ...waiting})
  }
  return new UsageError(said, {details, ...code, ...hint})
}

/** A redirect is a statement about where the server lives; the token stays here. */
function redirectError({origin, path, status, headers}: RefusedAnswer): AgnesError {
  const target = redirectOrigin(headers.location, origin)
  const moved = target !== undefined && target !== origin
  const insecure = origin.startsWith('https:') && target?.startsWith('http:')
  return new UsageError(
    insecure
      ? `${origin} redirects to ${target}, which is not encrypted. The redirect was refused.`
      : moved
        ? `${origin} says it has moved to ${target}. The redirect was not followed.`
        : `${origin} answered ${path} with a redirect (HTTP ${status}), which is never followed.`,
    {
      code: insecure ? 'insecure_redirect' : moved ? 'server_moved' : 'unexpected_redirect',
      hint: insecure
        ? 'Ask your administrator: the server should never send you to an unencrypted address.'
        : moved
          ? `If you trust it, sign in there: agnes auth login --server-url ${target}`
          : 'Check the server address; a proxy may stand in front of it.',
      details: {status, path, origin, target: target ?? null},
    },
  )
}

/** Seconds, or a date; a date is counted from the answer's own `Date`, so that no clock has to agree. */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const wait = Date.parse(value) - Date.parse(headers.date ?? '')
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined
}

function redirectOrigin(location: string | undefined, origin: string): string | undefined {
  if (!location || !URL.canParse(location, origin)) return undefined
  return new URL(location, origin).origin
}
