import {z} from 'zod/mini'
import {
  AgnesError,
  AuthError,
  MissingError,
  UnreachableError,
  type ErrorOptions,
} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import {decodeToken} from './decode-token.js'

const Catalog = z.object({tables: z.array(z.unknown())})
const Health = z.object({status: z.string()})

/**
 * Asks the server whether it accepts the token. Returns how many tables it lists for this person.
 * `AuthError` when it does not; `UnreachableError` (code `not_agnes`) when it is no Agnes server.
 */
export async function verifySignIn(
  {http, token, clock}: {http: HttpClient; token: string; clock: Clock},
  signal?: AbortSignal,
): Promise<{tableCount: number}> {
  try {
    const {body} = await http.requestJson('GET', '/api/catalog/tables', {}, signal)
    const catalog = Catalog.safeParse(body)
    if (catalog.success) return {tableCount: catalog.data.tables.length}
    throw notAgnes(http.origin, {details: {origin: http.origin}})
  } catch (error) {
    throw await explain(error, {http, token, clock}, signal)
  }
}

/** A refusal in terms of what the person can do: an expired token, a wrong address, a sick server. */
async function explain(
  error: unknown,
  {http, token, clock}: {http: HttpClient; token: string; clock: Clock},
  signal?: AbortSignal,
): Promise<unknown> {
  const options = error instanceof AgnesError ? {details: error.details, cause: error} : {}
  if (error instanceof AuthError) {
    const {expiresAt} = decodeToken(token)
    const isExpired = expiresAt !== null && Date.parse(expiresAt) <= clock.now()
    const expired = `The token for ${http.origin} expired on ${expiresAt?.slice(0, 10)}.`
    return new AuthError(isExpired ? expired : error.message, {
      ...options,
      code: isExpired ? 'token_expired' : error.code,
      hint: `Get a new token from your server, then run: agnes init --server-url ${http.origin} --token-stdin`,
    })
  }
  const isStrange =
    error instanceof MissingError ||
    (error instanceof UnreachableError && error.code === 'unreadable_answer')
  if (!isStrange || (await isHealthy(http, signal))) return error
  return notAgnes(http.origin, options)
}

async function isHealthy(http: HttpClient, signal?: AbortSignal): Promise<boolean> {
  try {
    const {body} = await http.requestJson('GET', '/api/health', {timeoutMs: 10_000}, signal)
    return Health.safeParse(body).success
  } catch (error) {
    if (signal?.aborted || !(error instanceof AgnesError)) throw error
    // The first failure is the one to report; this was only a second look.
    return false
  }
}

function notAgnes(origin: string, options: ErrorOptions): UnreachableError {
  return new UnreachableError(`${origin} answers, but not like an Agnes server.`, {
    ...options,
    code: 'not_agnes',
    hint: 'Check the address given with --server-url: it is the one you open Agnes at in a browser.',
  })
}
