import {createHash} from 'node:crypto'
import {decodeToken} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {
  AgnesError,
  ForbiddenError,
  MissingError,
  ServerError,
  UnreachableError,
  UsageError,
} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {HttpClient, JsonRequest} from '../ports/http-client.js'
import type {SecretStore} from '../ports/secret-store.js'
import {CatalogCache} from './catalog-cache.js'

/** What a server said, now or earlier. */
export interface ServerAnswer {
  body: unknown
  /** When it said so, if not now: the server could not be reached, or was not to be asked. */
  cached: {fetchedAt: string} | null
}

export interface ServerQuestion {
  path: string
  /** Under which name the answer is kept for offline use; `null` for rows of data, which never are. */
  cacheKey: string | null
  request?: JsonRequest
}

export interface AskServerDeps {
  clock: Clock
  http(origin: string): Promise<HttpClient>
  secrets(): Promise<SecretStore[]>
}

/** Gateways that stand in for a server which is not there. */
const GATEWAY_STATUSES: readonly unknown[] = [502, 503, 504]

/**
 * Asks one server as one person, and remembers its descriptions for when it cannot be reached. Who is
 * not signed in, or not allowed, gets nothing from memory.
 */
export class AskServer {
  /** Why it could not be reached before; then it is not waited for again. */
  private outOfReach: AgnesError | undefined

  private constructor(
    readonly origin: string,
    private readonly deps: {http: () => Promise<HttpClient>; cache: CatalogCache | null},
    private readonly isOffline: boolean,
  ) {}

  /** @param options `workspace`: where the memory is; `null` for none */
  static async open(
    origin: string,
    options: {workspace: Files | null; isOffline: boolean},
    deps: AskServerDeps,
  ): Promise<AskServer> {
    const user = await userOf(origin, deps)
    const cache =
      options.workspace && user !== null
        ? new CatalogCache(options.workspace, deps.clock, {origin, user})
        : null
    return new AskServer(origin, {http: () => deps.http(origin), cache}, options.isOffline)
  }

  async ask(question: ServerQuestion, signal: AbortSignal): Promise<ServerAnswer> {
    const {cacheKey, path, request} = question
    const cache = cacheKey === null ? null : this.deps.cache
    if (this.isOffline) return this.remembered(question, this.offlineError())
    if (this.outOfReach) return this.remembered(question, this.outOfReach)
    const http = await this.deps.http()
    try {
      const {body} = await http.requestJson('GET', path, request, signal)
      if (cacheKey !== null) await cache?.write(cacheKey, body)
      return {body, cached: null}
    } catch (error) {
      if (cacheKey !== null && isWithdrawal(error)) await cache?.forget(cacheKey)
      if (!isOutOfReach(error)) throw error
      this.outOfReach = error
      return this.remembered(question, error)
    }
  }

  private async remembered({cacheKey}: ServerQuestion, cause: AgnesError): Promise<ServerAnswer> {
    const known = cacheKey === null ? undefined : await this.deps.cache?.read(cacheKey)
    if (!known) throw cause
    return {body: known.body, cached: {fetchedAt: known.fetchedAt}}
  }

  private offlineError(): AgnesError {
    return new MissingError(`Nothing about this is remembered from ${this.origin}.`, {
      code: 'not_cached',
      hint: 'Run the command once without --offline, inside a workspace.',
      details: {origin: this.origin},
    })
  }
}

/** True where the server did not answer itself, so that what it said earlier still is the best knowledge. */
function isOutOfReach(error: unknown): error is AgnesError {
  if (error instanceof ServerError) return GATEWAY_STATUSES.includes(error.details.status)
  return error instanceof UnreachableError
}

function isWithdrawal(error: unknown): boolean {
  return error instanceof ForbiddenError || error instanceof MissingError
}

/** `null` for nobody: no token, or one that says it has ended. */
async function userOf(origin: string, {secrets, clock}: AskServerDeps): Promise<string | null> {
  const found = await findSecret(await secrets(), origin)
  if (!found) return null
  const {token} = found.secret
  const {email, expiresAt} = decodeToken(token)
  if (expiresAt !== null && Date.parse(expiresAt) <= clock.now()) return null
  return email ?? createHash('sha256').update(token).digest('hex')
}

/** For work that can go on with what is on this computer: everything but a clear no. */
export function isBearable(error: unknown): error is AgnesError {
  if (!(error instanceof AgnesError) || error instanceof ForbiddenError) return false
  if (error instanceof UsageError) return error.code === 'no_server'
  return [3, 4, 5, 7, 9].includes(error.exitCode)
}
