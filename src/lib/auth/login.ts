/**
 * Signing in, and what comes with it. Vocabulary: a *session* is what a password gives, for a day; a
 * *personal token* lasts longer, is listed on the server and can be revoked; a *store* is where this
 * computer keeps tokens, one per server address. This room never prints a token, but for `createToken`,
 * whose answer it is.
 */
import type {ConfigFolder} from '../config/one-at-a-time.js'
import {changeSetting, type CredentialStore} from '../config/settings.js'
import {cleanToken} from '../credentials/choose-token.js'
import {decodeToken} from '../credentials/decode-token.js'
import {keepSecret, type SignInStores} from '../credentials/sign-in-store.js'
import {verifySignIn} from '../credentials/verify-sign-in.js'
import {UsageError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Random} from '../ports/random.js'
import type {SignInCallback} from '../ports/sign-in-callback.js'
import {hasBrowserSignIn, signInByBrowser, type SignedIn} from './browser-sign-in.js'
import {requirePasswordSignIn, signInByPassword, type PasswordSource} from './password-sign-in.js'

/** The parts of the composition root that signing in needs. */
export interface SignInContext extends ConfigFolder {
  clock: Clock
  random: Random
  signInStores(): Promise<SignInStores>
  httpWithToken(origin: string, token: string | undefined): Promise<HttpClient>
  computerName(): string
  listenForCallback(state: string): Promise<SignInCallback>
  openBrowser(url: string): Promise<boolean>
}

export interface LoginOptions {
  origin: string
  /** Where the token is kept; what was found out before by default. */
  store: CredentialStore | 'auto' | undefined
  /** Opens no browser: the person opens the address. */
  isHeadless: boolean
  /** How long the person may take in the browser. */
  waitMs: number
  /** Signs in by password at once. */
  password: PasswordSource | undefined
  /** Asks for e-mail and password, for a server without sign-in pages; `undefined` with nobody there. */
  askPassword: PasswordSource | undefined
  /** Takes a token that the person pastes while the browser is waited for. */
  askToken: ((signal: AbortSignal) => Promise<string>) | undefined
  /** Told the address to open and whether a browser was opened. */
  onAddress(url: string, isOpened: boolean): Promise<void>
}

/** Whose token is kept where; no field holds the token. */
export interface LoginOutcome {
  server: string
  /** `null` when neither token nor server says. */
  email: string | null
  method: 'browser' | 'password' | 'token'
  /** ISO 8601; `null` for a token that names no end. */
  expiresAt: string | null
  /** True for a session: it ends within a day and cannot be revoked by itself. */
  isSession: boolean
  /** `keychain` or `file`. */
  credentialStore: string
  /** Things to know that are no failure, as sentences. */
  notes: string[]
}

type Obtained = SignedIn & {method: LoginOutcome['method']; isSession: boolean}

export async function login(
  context: SignInContext,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<LoginOutcome> {
  const obtained = await obtain(context, options, signal)
  return keepSignIn(context, {...options, obtained}, signal)
}

/** Stores a token of a server that has accepted it, and makes the server the default if there is none. */
export async function keepSignIn(
  context: Pick<SignInContext, 'config' | 'lockAt' | 'signInStores'>,
  {origin, obtained, store}: {origin: string; obtained: Obtained; store: LoginOptions['store']},
  signal: AbortSignal,
): Promise<LoginOutcome> {
  const {token, method, isSession} = obtained
  const facts = decodeToken(token)
  const email = obtained.email || facts.email
  const secret = {token, email: email ?? ''}
  const wanted = store === undefined ? {} : {wanted: store}
  const kept = await keepSecret(await context.signInStores(), {origin, secret, ...wanted}, signal)
  const notes = kept.note === null ? [] : [kept.note]
  if (isSession) notes.push('The server gave a session only: it ends within a day.')
  await changeSetting(context, 'server', (now) => now ?? origin, signal)
  return {
    server: origin,
    email,
    method,
    expiresAt: facts.expiresAt,
    isSession,
    credentialStore: kept.store,
    notes,
  }
}

async function obtain(
  context: SignInContext,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<Obtained> {
  const {origin} = options
  const http = await context.httpWithToken(origin, undefined)
  const hasBrowser = options.password === undefined && (await hasBrowserSignIn(http, signal))
  if (hasBrowser) return byBrowserOrPaste(context, {...options, http}, signal)
  const ask = options.password ?? options.askPassword
  if (!ask)
    throw new UsageError(`${origin} has no sign-in page: it wants an e-mail and a password.`, {
      code: 'password_required',
      hint: 'Give --email and --password-stdin, or import a token: agnes auth import-token --token-stdin',
      details: {origin},
    })
  const httpWithToken = (token: string) => context.httpWithToken(origin, token)
  const name = tokenName(context)
  const isBrowserTried = options.password === undefined
  const password = await ask(() => requirePasswordSignIn(http, {isBrowserTried}, signal))
  const flow = {http, httpWithToken, password, name}
  return {...(await signInByPassword(flow, signal)), method: 'password'}
}

/** Whichever comes first: the browser's callback, or a token pasted into the terminal. */
async function byBrowserOrPaste(
  context: SignInContext,
  options: LoginOptions & {http: HttpClient},
  signal: AbortSignal,
): Promise<Obtained> {
  const {origin, http, isHeadless, waitMs, askToken, onAddress} = options
  const decided = new AbortController()
  const either = AbortSignal.any([signal, decided.signal])
  const ways: Promise<Obtained>[] = []
  let paste: Promise<Obtained> | undefined
  const byBrowser = signInByBrowser(
    {
      ...context,
      http,
      waitMs,
      name: tokenName(context),
      listen: (state) => context.listenForCallback(state),
      async onReady(url) {
        await onAddress(url, !isHeadless && (await context.openBrowser(url)))
        if (askToken) paste = pasted(context, {origin, askToken}, either)
        paste?.then(resolvePaste, rejectPaste)
      },
    },
    either,
  )
  let resolvePaste: (value: Obtained) => void = () => undefined
  let rejectPaste: (error: unknown) => void = () => undefined
  ways.push(
    byBrowser.then((signedIn) => ({...signedIn, method: 'browser', isSession: false})),
    new Promise<Obtained>((resolve, reject) => {
      resolvePaste = resolve
      rejectPaste = reject
    }),
  )
  try {
    return await Promise.race(ways)
  } finally {
    decided.abort(new Error('Signed in another way.'))
    await Promise.allSettled([byBrowser, paste])
  }
}

async function pasted(
  {clock, httpWithToken}: SignInContext,
  {origin, askToken}: {origin: string; askToken: (signal: AbortSignal) => Promise<string>},
  signal: AbortSignal,
): Promise<Obtained> {
  const token = cleanToken(await askToken(signal), 'what was pasted')
  await verifySignIn({http: await httpWithToken(origin, token), token, clock}, signal)
  return {token, email: '', method: 'token', isSession: false}
}

function tokenName({computerName}: SignInContext): string {
  return `Agnes CLI (${computerName()})`.slice(0, 80)
}
