import {tokenIdentity} from '../credentials/decode-token.js'
import {findSecret} from '../credentials/find-secret.js'
import type {HttpClient} from '../ports/http-client.js'
import type {TokenDeps} from './tokens.js'
import type {WhoAmIContext} from './who-am-i.js'
import {openSession, requirePasswordSignIn, type PasswordSource} from './password-sign-in.js'

/** The token endpoints of a server, as the person signed in there. */
export async function openTokens(context: WhoAmIContext, origin: string): Promise<TokenDeps> {
  const http = await context.http(origin)
  const found = await findSecret(await context.secrets(), origin)
  const currentId = found ? tokenIdentity(found.secret.token).id : null
  return {http, clock: context.clock, currentId}
}

/** A client that may make tokens: of a session by password where one was given, else the stored sign-in. */
export async function openTokenMaker(
  context: WhoAmIContext & {
    httpWithToken(origin: string, token: string | undefined): Promise<HttpClient>
  },
  {origin, password}: {origin: string; password: PasswordSource | undefined},
  signal: AbortSignal,
): Promise<HttpClient> {
  if (!password) return context.http(origin)
  const anonymous = await context.httpWithToken(origin, undefined)
  const typed = await password(() =>
    requirePasswordSignIn(anonymous, {isBrowserTried: false}, signal),
  )
  const {token} = await openSession(anonymous, typed, signal)
  return context.httpWithToken(origin, token)
}
