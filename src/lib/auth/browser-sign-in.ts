import {AuthError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Random} from '../ports/random.js'
import type {SignInCallback} from '../ports/sign-in-callback.js'
import {ExchangeAnswer} from '../wire/auth.js'
import {readAnswer} from './read-answer.js'
import {takesPost} from './takes-post.js'

const EXCHANGE = '/cli/auth/exchange'
const STATE_BYTES = 24

export interface BrowserSignIn {
  /** Of the server, without a token. */
  http: HttpClient
  clock: Clock
  random: Random
  listen(state: string): Promise<SignInCallback>
  /** Told the address to open, once the listener waits. */
  onReady(url: string): Promise<void>
  /** How long the person may take. */
  waitMs: number
  /** What the token is called on the server. */
  name: string
}

export interface SignedIn {
  token: string
  /** `''` when the server does not say. */
  email: string
}

/** Whether the server signs people in by browser (0.48.0 does not). */
export function hasBrowserSignIn(http: HttpClient, signal?: AbortSignal): Promise<boolean> {
  return takesPost(http, EXCHANGE, signal)
}

/** Waits for the browser's callback on a loopback port, then trades the code for a token. */
export async function signInByBrowser(
  flow: BrowserSignIn,
  signal?: AbortSignal,
): Promise<SignedIn> {
  const {http, random, onReady} = flow
  const state = random.hex(STATE_BYTES)
  const callback = await flow.listen(state)
  try {
    const query = new URLSearchParams({port: String(callback.port), state})
    await onReady(`${http.origin}/cli/auth/start?${query}`)
    const code = await within(flow, callback.code, signal)
    const request = {body: {code, name: flow.name}}
    const {body} = await http.requestJson('POST', EXCHANGE, request, signal)
    const {token, email} = readAnswer(ExchangeAnswer, body, {http, path: EXCHANGE})
    return {token, email: email ?? ''}
  } finally {
    await callback.close()
  }
}

async function within(
  {clock, waitMs}: BrowserSignIn,
  code: Promise<string>,
  signal?: AbortSignal,
): Promise<string> {
  const over = new AbortController()
  const limits = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const timeout = clock.sleep(waitMs, limits).then(() => {
    const seconds = Math.round(waitMs / 1000)
    throw new AuthError(`Nobody signed in within ${seconds} second${seconds === 1 ? '' : 's'}.`, {
      code: 'sign_in_timeout',
      hint: 'Run the command again, or import a token with `agnes auth import-token`.',
    })
  })
  timeout.catch(() => undefined)
  try {
    return await Promise.race([code, timeout])
  } finally {
    over.abort()
  }
}
