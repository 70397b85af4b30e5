import {AuthError, ForbiddenError, MissingError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import {NewTokenAnswer, SessionAnswer} from '../wire/auth.js'
import type {SignedIn} from './browser-sign-in.js'
import {readAnswer} from './read-answer.js'

/** Days a token from a sign-in lasts, as with the browser. */
const DAYS = 90

export interface Password {
  email: string
  password: string
}

/** E-mail and password for a session, which lasts a day. */
export async function openSession(
  http: HttpClient,
  {email, password}: Password,
  signal?: AbortSignal,
): Promise<SignedIn> {
  const path = '/auth/token'
  try {
    const {body} = await http.requestJson('POST', path, {body: {email, password}}, signal)
    const answer = readAnswer(SessionAnswer, body, {http, path})
    return {token: answer.access_token, email: answer.email ?? email}
  } catch (error) {
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
