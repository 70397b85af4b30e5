import {decodeToken} from '../credentials/decode-token.js'
import type {FoundSecret} from '../credentials/find-secret.js'
import {verifySignIn} from '../credentials/verify-sign-in.js'
import {AgnesError, AuthError, UnreachableError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient, JsonAnswer} from '../ports/http-client.js'
import {ok, type Check, type Finding} from './check.js'

export interface ServerDeps {
  clock: Clock
  /** Less than this until the token ends is a warning. */
  renewMs: number
  /** Origin; rejects where none is known. */
  server: () => Promise<string>
  /** The stored token; rejects when the place where it lies cannot be used. */
  secret: () => Promise<FoundSecret | undefined>
  /** Without a token: health is public. */
  client: (token: string | undefined) => Promise<HttpClient>
  /** Why the keychain does not answer, where there is one; `null` when it does or none is wanted. */
  keychainProblem: () => Promise<string | null>
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const TIMEOUT_MS = 8000

export function serverChecks(deps: ServerDeps): Check[] {
  let health: Promise<JsonAnswer> | undefined
  const ask = (signal: AbortSignal) => (health ??= askHealth(deps, signal))
  return [
    {
      id: 'server',
      title: 'Server',
      needs: [],
      run: (signal) => checkServer(deps, ask, signal),
    },
    {
      id: 'clock',
      title: 'Clock',
      needs: ['server'],
      run: async (signal) => checkClock(deps, await ask(signal)),
    },
    {id: 'keychain', title: 'Credentials', needs: [], run: () => checkStore(deps)},
    {
      id: 'token',
      title: 'Sign-in',
      needs: ['keychain', 'server'],
      run: (signal) => checkToken(deps, signal),
    },
  ]
}

async function askHealth({client}: ServerDeps, signal: AbortSignal): Promise<JsonAnswer> {
  const http = await client(undefined)
  return http.requestJson('GET', '/api/health', {timeoutMs: TIMEOUT_MS}, signal)
}

async function checkServer(
  {server}: ServerDeps,
  ask: (signal: AbortSignal) => Promise<JsonAnswer>,
  signal: AbortSignal,
): Promise<Finding> {
  const origin = await server()
  try {
    const {body} = await ask(signal)
    const {status} = (body ?? {}) as {status?: unknown}
    if (status !== 'unhealthy') return ok(`${origin} answers.`)
    const message = `${origin} answers, but says of itself that it is unhealthy.`
    const mend = 'Tell the person who runs the server'
    return {state: 'warn', message, who: 'admin', mend}
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AgnesError)) throw error
    const who = error instanceof UnreachableError ? 'admin' : 'you'
    const {message, exitCode} = error
    const mend = `Check the network and the address, then run: agnes doctor`
    return {state: 'fail', message, who, mend, exitCode}
  }
}

/** Sign-ins are dated: a clock that is wrong makes good tokens bad and bad ones good. */
function checkClock({clock}: ServerDeps, {headers}: JsonAnswer): Finding {
  const theirs = Date.parse(headers.date ?? '')
  if (Number.isNaN(theirs)) return ok('The server does not tell its time.')
  const skewMs = clock.now() - theirs
  const minutes = Math.round(Math.abs(skewMs) / MINUTE_MS)
  if (Math.abs(skewMs) < 2 * MINUTE_MS) return ok('It agrees with the server’s.')
  const message = `This computer’s clock is ${minutes} minutes ${skewMs > 0 ? 'ahead of' : 'behind'} the server’s.`
  const mend = 'Let the system set its time (Linux: timedatectl set-ntp true)'
  const isFar = Math.abs(skewMs) > 10 * MINUTE_MS
  return {state: isFar ? 'fail' : 'warn', message, who: 'you', mend, exitCode: 7}
}

async function checkStore({server, secret, keychainProblem}: ServerDeps): Promise<Finding> {
  const problem = await keychainProblem()
  try {
    const found = await secret()
    if (problem !== null) {
      const message = `The keychain cannot be used: ${problem}`
      const mend = `agnes auth login --store file --server-url ${await server()}`
      return {state: 'warn', message, who: 'you', mend}
    }
    return ok(found ? `The token comes from: ${found.kind}.` : 'They can be read.')
  } catch (error) {
    if (!(error instanceof AgnesError)) throw error
    const mend = error.hint ?? 'agnes auth login'
    return {state: 'fail', message: error.message, who: 'you', mend, exitCode: error.exitCode}
  }
}

async function checkToken(deps: ServerDeps, signal: AbortSignal): Promise<Finding> {
  const [origin, found] = await Promise.all([deps.server(), deps.secret()])
  const mend = `agnes auth login --server-url ${origin}`
  if (!found) return {state: 'fail', message: 'Nobody is signed in.', who: 'you', mend, exitCode: 7}
  const {token} = found.secret
  const {expiresAt} = decodeToken(token)
  try {
    const http = await deps.client(token)
    await verifySignIn({http, token, clock: deps.clock}, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AuthError)) throw error
    return {state: 'fail', message: error.message, who: 'you', mend, exitCode: 7}
  }
  const leftMs = expiresAt === null ? Infinity : Date.parse(expiresAt) - deps.clock.now()
  if (leftMs > deps.renewMs) return ok(`The server accepts it (${found.kind}).`)
  const days = Math.max(0, Math.floor(leftMs / DAY_MS))
  const message = `The token expires in ${days === 0 ? 'less than a day' : `${days} days`}.`
  return {state: 'warn', message, who: 'you', mend}
}
