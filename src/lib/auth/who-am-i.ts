import {decodeToken, tokenIdentity} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import {AuthError, MissingError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {SecretStore} from '../ports/secret-store.js'
import {EffectiveAccess} from '../wire/auth.js'
import {readAnswer} from './read-answer.js'
import {listTokens} from './tokens.js'

export interface WhoAmIContext {
  clock: Clock
  secrets(): Promise<SecretStore[]>
  http(origin: string): Promise<HttpClient>
}

/** Who this account is to a server. What only the server knows is `null` unless it was asked. */
export interface Identity {
  server: string
  email: string | null
  /** Where the token lies: `environment`, `keychain`, `file`, `legacy`. */
  source: string
  tokenId: string | null
  tokenKind: 'session' | 'personal' | null
  /** ISO 8601; `null` for no end. */
  expiresAt: string | null
  isExpired: boolean
  /** True when the server was asked and accepted the token. */
  isVerified: boolean
  tokenName: string | null
  /** `all` or `stack`: which tables the token shows an administrator. */
  surface: string | null
  isAdmin: boolean | null
  /** Groups through which something is granted, sorted. */
  groups: string[] | null
}

/** `AuthError` when no token is stored, and with `isVerify` when the server refuses it. */
export async function whoAmI(
  context: WhoAmIContext,
  {origin, isVerify}: {origin: string; isVerify: boolean},
  signal?: AbortSignal,
): Promise<Identity> {
  const found = await findSecret(await context.secrets(), origin)
  // Says why there is none.
  if (!found) await context.http(origin)
  if (!found) throw new AuthError(`No token is stored for ${origin}.`)
  const {email, expiresAt} = decodeToken(found.secret.token)
  const {id, kind} = tokenIdentity(found.secret.token)
  const known: Identity = {
    server: origin,
    email: found.secret.email || email,
    source: found.kind,
    tokenId: id,
    tokenKind: kind,
    expiresAt,
    isExpired: expiresAt !== null && Date.parse(expiresAt) <= context.clock.now(),
    isVerified: false,
    tokenName: null,
    surface: null,
    isAdmin: null,
    groups: null,
  }
  return isVerify ? verified(context, known, signal) : known
}

async function verified(
  context: WhoAmIContext,
  known: Identity,
  signal?: AbortSignal,
): Promise<Identity> {
  const http = await context.http(known.server)
  const deps = {http, clock: context.clock, currentId: known.tokenId}
  const own = (await listTokens(deps, signal)).find(({isCurrent}) => isCurrent)
  const access = await accessOf(http, signal)
  return {
    ...known,
    isVerified: true,
    expiresAt: known.expiresAt ?? own?.expiresAt ?? null,
    tokenName: own?.name ?? null,
    surface: own?.surface ?? null,
    ...access,
  }
}

async function accessOf(
  http: HttpClient,
  signal?: AbortSignal,
): Promise<Pick<Identity, 'isAdmin' | 'groups'>> {
  const path = '/api/me/effective-access'
  try {
    const {body} = await http.requestJson('GET', path, {}, signal)
    const access = readAnswer(EffectiveAccess, body, {http, path})
    const names = access.items.flatMap(({via_groups}) => via_groups.map((via) => via.group_name))
    const groups = [...new Set(access.is_admin ? ['Admin', ...names] : names)].sort()
    return {isAdmin: access.is_admin, groups}
  } catch (error) {
    // A server that does not tell is no reason to doubt the token.
    if (error instanceof MissingError) return {isAdmin: null, groups: null}
    throw error
  }
}
