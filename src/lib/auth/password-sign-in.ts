import {AuthError, ForbiddenError, MissingError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {NewTokenAnswer, SessionAnswer} from '../wire/auth.js'
import type {SignedIn} from './browser-sign-in.js'
import {readAnswer} from './read-answer.js'
import {takesPost} from './takes-post.js'

const SESSION = '/auth/token'
/** Days a token from a sign-in lasts, as with the browser. */
const DAYS = 90

export interface Password {
  email: string
  password: string
}

/**
 * Where e-mail and password come from. `beforeAsking` rejects when they are of no use: then a person is
 * not asked for them.
 */
export type PasswordSource = (beforeAsking: () => Promise<void>) => Promise<Password>

/** `MissingError` (code `no_password_sign_in`) where the server signs nobody in by password. */
export async function requirePasswordSignIn(
  http: HttpClient,
  {isBrowserTried}: {isBrowserTried: boolean},
  signal?: AbortSignal,
): Promise<void> {
  const isThere = await takesPost(http, SESSION, signal).catch((error: unknown) => {
    // Refusing nobody in particular is an answer as well.
    if (error instanceof AuthError) return true
    throw error
  })
  if (!isThere) throw noPasswordSignIn(http, {isBrowserTried})
}

/** E-mail and password for a session, which lasts a day. */
export async function openSession(
  http: HttpClient,
  {email, password}: Password,
  signal?: AbortSignal,
): Promise<SignedIn> {
  try {
    const {body} = await http.requestJson('POST', SESSION, {body: {email, password}}, signal)
    const answer = readAnswer(SessionAnswer, body, {http, path: SESSION})
    return {token: answer.access_token, email: answer.email ?? email}
  } catch (error) {
    if (error instanceof MissingError) throw noPasswordSignIn(http, {cause: error})
    if (!(error instanceof AuthError)) throw error
    throw new AuthError(`${http.origin} did not sign ${email} in.`, {
      code: 'sign_in_refused',
      hint:
        'Check the e-mail and the password. An account without a password uses a token: ' +
        'agnes auth import-token',
      details: error.details,
      cause: error,
    })
  }
}

/**
 * The same, and a token of its own for this computer, which can be listed and revoked. Where the server
 * makes none, the session is the answer.
 */
export async function signInByPassword(
  {
    http,
    httpWithToken,
    password,
    name,
  }: {
    http: HttpClient
    httpWithToken(token: string): Promise<HttpClient>
    password: Password
    name: string
  },
  signal?: AbortSignal,
): Promise<SignedIn & {isSession: boolean}> {
  const session = await openSession(http, password, signal)
  try {
    const path = '/auth/tokens'
    const signedIn = await httpWithToken(session.token)
    const request = {body: {name, expires_in_days: DAYS}}
    const {body} = await signedIn.requestJson('POST', path, request, signal)
    const {token} = readAnswer(NewTokenAnswer, body, {http, path})
    return {token, email: session.email, isSession: false}
  } catch (error) {
    if (error instanceof ForbiddenError || error instanceof MissingError)
      return {...session, isSession: true}
    throw error
  }
}

function noPasswordSignIn(
  {origin}: HttpClient,
  {isBrowserTried = false, cause}: {isBrowserTried?: boolean; cause?: MissingError},
): MissingError {
  const token = `agnes auth import-token --server-url ${origin}`
  return new MissingError(`${origin} does not sign people in by password.`, {
    code: 'no_password_sign_in',
    hint: isBrowserTried
      ? `It has no sign-in page either: check the address. A token is taken by: ${token}`
      : `Sign in by browser: agnes auth login --server-url ${origin} (or with a token: ${token})`,
    details: {origin},
    ...(cause === undefined ? {} : {cause}),
  })
}
