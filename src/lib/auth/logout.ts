import {tokenIdentity} from '../credentials/decode-token.js'
import {findSecret, type FoundSecret} from '../credentials/find-secret.js'
import {stampKeychain} from '../credentials/keychain-stamp.js'
import type {SignInStores} from '../credentials/sign-in-store.js'
import {AgnesError, AuthError, MissingError, UnreachableError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {SecretStore} from '../ports/secret-store.js'

export interface LogoutContext {
  secrets(): Promise<SecretStore[]>
  signInStores(): Promise<SignInStores>
  httpWithToken(origin: string, token: string): Promise<HttpClient>
}

export interface LogoutOutcome {
  server: string
  /** False when nobody was signed in. */
  wasSignedIn: boolean
  /** True when the server no longer accepts the token, nor any other that was stored for it. */
  isRevoked: boolean
  /** Stores the token was removed from. */
  forgotten: string[]
  /** Where a token remains that agnes does not own: `environment`, `legacy`. */
  remaining: string[]
  /** Things to know that are no failure, as sentences. */
  notes: string[]
}

/**
 * Revokes the token on the server, then forgets it. When the server cannot be asked nothing is forgotten,
 * so that it can be revoked later; `isLocal` forgets without asking.
 */
export async function logout(
  context: LogoutContext,
  {origin, isLocal}: {origin: string; isLocal: boolean},
  signal?: AbortSignal,
): Promise<LogoutOutcome> {
  const stores = await context.secrets()
  const found = await findSecret(stores, origin)
  const outcome = {server: origin, wasSignedIn: found !== undefined, forgotten: [], remaining: []}
  if (!found) return {...outcome, isRevoked: false, notes: []}
  const revoked = isLocal
    ? {isRevoked: false, notes: ['The server was not asked: the token stays valid until it ends.']}
    : await revokeAll(context, {origin, tokens: await tokensOf(stores, origin, found)}, signal)
  const forgotten = await forget(context, origin)
  const remaining = stores
    .filter(({isReadOnly, kind}) => isReadOnly === true && kind === found.kind)
    .map(({kind}) => kind)
  return {
    ...outcome,
    ...revoked,
    forgotten,
    remaining,
    notes: [...revoked.notes, ...remaining.map(remainsText)],
  }
}

/** The token that is in use, and each one that is forgotten with it: none stays valid unseen. */
async function tokensOf(
  stores: readonly SecretStore[],
  origin: string,
  {secret}: FoundSecret,
): Promise<Set<string>> {
  const tokens = new Set([secret.token])
  for (const store of stores) {
    if (store.isReadOnly) continue
    const stored = await store.get(origin).catch(unlessSilent)
    if (stored) tokens.add(stored.token)
  }
  return tokens
}

async function revokeAll(
  context: LogoutContext,
  {origin, tokens}: {origin: string; tokens: Set<string>},
  signal?: AbortSignal,
): Promise<{isRevoked: boolean; notes: string[]}> {
  const done = []
  for (const token of tokens) done.push(await revoke(context, {origin, token}, signal))
  const notes = new Set(done.flatMap((one) => one.notes))
  return {isRevoked: done.every(({isRevoked}) => isRevoked), notes: [...notes]}
}

async function revoke(
  {httpWithToken}: LogoutContext,
  {origin, token}: {origin: string; token: string},
  signal?: AbortSignal,
): Promise<{isRevoked: boolean; notes: string[]}> {
  const {id, kind} = tokenIdentity(token)
  if (kind === 'session' || id === null)
    return {isRevoked: false, notes: ['A session cannot be revoked: it ends by itself.']}
  const http = await httpWithToken(origin, token)
  try {
    await http.requestJson('DELETE', `/auth/tokens/${encodeURIComponent(id)}`, {}, signal)
    return {isRevoked: true, notes: []}
  } catch (error) {
    if (error instanceof AuthError) return {isRevoked: true, notes: []}
    if (error instanceof MissingError)
      return {isRevoked: false, notes: [`${origin} does not know this token.`]}
    if (error instanceof UnreachableError)
      throw new UnreachableError(`${error.message} The token was neither revoked nor forgotten.`, {
        code: error.code,
        hint: 'Try again when the server answers, or forget it here only: agnes auth logout --local',
        details: error.details,
        cause: error,
      })
    throw error
  }
}

/** From every store of ours, so that no older token comes to light. */
async function forget({signInStores}: LogoutContext, origin: string): Promise<string[]> {
  const {config, keychain: open, file} = await signInStores()
  const forgotten: string[] = []
  if (await file.delete(origin)) forgotten.push(file.kind)
  const keychain = await open()
  try {
    if (keychain && (await keychain.delete(origin))) {
      forgotten.push(keychain.kind)
      await stampKeychain(config)
    }
  } catch (error) {
    unlessSilent(error)
    // Nothing was kept in a keychain that never worked.
    if (forgotten.length === 0) throw error
  }
  return forgotten
}

function unlessSilent(error: unknown): undefined {
  if (!(error instanceof AgnesError) || error.code !== 'keychain_unavailable') throw error
  return undefined
}

function remainsText(kind: string): string {
  return kind === 'environment'
    ? 'AGNES_TOKEN is still set: unset it, too.'
    : "The reference client's token.json is still there; agnes does not change it."
}
