import {ConflictError, ForbiddenError, MissingError, UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import {NewTokenAnswer, TokenItems} from '../wire/auth.js'
import {timeField} from '../wire/read-fields.js'
import {readAnswer} from './read-answer.js'

const PATH = '/auth/tokens'

/** A personal access token as its owner sees it; times are ISO 8601. */
export interface PersonalToken {
  id: string
  name: string
  /** First eight characters of the id. */
  prefix: string
  createdAt: string | null
  /** `null` for one that never expires. */
  expiresAt: string | null
  lastUsedAt: string | null
  revokedAt: string | null
  state: 'active' | 'expired' | 'revoked'
  /** `all`, `stack`, or `null` where the server does not tell. */
  surface: string | null
  /** The one this command used. */
  isCurrent: boolean
}

export interface NewToken {
  id: string
  name: string
  /** Shown once: the server keeps only a hash. */
  token: string
  expiresAt: string | null
}

export interface TokenDeps {
  http: HttpClient
  clock: Clock
  /** The id of the token in use, `null` when it does not say. */
  currentId: string | null
}

/** Newest first, as the server lists them; revoked ones included. */
export async function listTokens(
  {http, clock, currentId}: TokenDeps,
  signal?: AbortSignal,
): Promise<PersonalToken[]> {
  const {body} = await http.requestJson('GET', PATH, {}, signal)
  return readAnswer(TokenItems, body, {http, path: PATH}).map((item) => {
    const [expiresAt, revokedAt] = [timeField(item.expires_at), timeField(item.revoked_at)]
    const isExpired = expiresAt !== null && Date.parse(expiresAt) <= clock.now()
    return {
      id: item.id,
      name: item.name,
      prefix: item.prefix,
      createdAt: timeField(item.created_at),
      expiresAt,
      lastUsedAt: timeField(item.last_used_at),
      revokedAt,
      state: item.revoked_at !== null ? 'revoked' : isExpired ? 'expired' : 'active',
      surface: item.surface,
      isCurrent: item.id === currentId,
    }
  })
}

/** @param http of a session: servers make no token for a token */
export async function createToken(
  http: HttpClient,
  wanted: {name: string; days: number | null; surface: 'all' | 'stack' | undefined},
  signal?: AbortSignal,
): Promise<NewToken> {
  const {name, days, surface} = wanted
  const body = {name, expires_in_days: days, ...(surface === undefined ? {} : {surface})}
  try {
    const answer = await http.requestJson('POST', PATH, {body}, signal)
    const made = readAnswer(NewTokenAnswer, answer.body, {http, path: PATH})
    return {id: made.id, name: made.name, token: made.token, expiresAt: timeField(made.expires_at)}
  } catch (error) {
    if (!(error instanceof ForbiddenError)) throw error
    throw new ForbiddenError(`${http.origin} makes no token for a token: ${error.message}.`, {
      code: 'session_required',
      hint: 'Say who you are with a password: agnes auth token create NAME --email you@example.com',
      details: error.details,
      cause: error,
    })
  }
}

/** Finds a token by id, by unique beginning of an id, or by name, and revokes it. */
export async function revokeToken(
  deps: TokenDeps,
  reference: string,
  signal?: AbortSignal,
): Promise<{token: PersonalToken; wasRevoked: boolean}> {
  const token = pickToken(await listTokens(deps, signal), reference)
  if (token.state === 'revoked') return {token, wasRevoked: true}
  await deps.http.requestJson('DELETE', `${PATH}/${encodeURIComponent(token.id)}`, {}, signal)
  return {token: {...token, state: 'revoked'}, wasRevoked: false}
}

/** `MissingError` for none, `ConflictError` for several. Of one name, those still valid are meant. */
export function pickToken(tokens: readonly PersonalToken[], reference: string): PersonalToken {
  const exact = tokens.find(({id}) => id === reference)
  if (exact) return exact
  if (reference.trim() === '') throw noToken(reference)
  const named = tokens.filter(({name}) => name === reference)
  const valid = named.filter(({state}) => state !== 'revoked')
  const begun = tokens.filter(({id}) => reference.length >= 4 && id.startsWith(reference))
  const found = valid.length > 0 ? valid : begun.length > 0 ? begun : named
  if (found.length > 1)
    throw new ConflictError(`"${reference}" means ${found.length} tokens.`, {
      code: 'ambiguous_token',
      hint: `Name one by its id: ${found.map(({id}) => id).join(', ')}`,
      details: {candidates: found.map(({id, name}) => ({id, name}))},
    })
  if (!found[0]) throw noToken(reference)
  return found[0]
}

function noToken(reference: string): MissingError {
  return new MissingError(`You have no token "${reference}".`, {
    code: 'token_not_found',
    hint: 'Run: agnes auth token list',
    details: {reference},
  })
}

/** `90d`, `never`, `none` or `no-expiry`: days, `null` for never. */
export function readLifetime(text: string): number | null {
  if (['never', 'none', 'no-expiry'].includes(text)) return null
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1])
  if (days >= 1 && days <= 3650) return days
  throw new UsageError(`"${text}" is not a lifetime.`, {
    code: 'bad_lifetime',
    hint: 'Give days from 1d to 3650d, or never.',
  })
}
