import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {isPassword, spendPasswordTime} from '../auth/passwords.js'
import {rateLimit} from '../auth/rate-limit.js'
import {SignInCodes} from '../auth/sign-in-codes.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {signInHeaders, signInPage} from '../sign-in-page.js'
import type {UserRow} from '../state/rows.js'
import {offsetIso} from '../times.js'

const TRIES_PER_MINUTE = 10
const EXCHANGES_PER_MINUTE = 30
const TOKEN_SECONDS = 90 * 86_400
const MAX_NAME = 80
const open = {config: {access: 'public'}} as const

interface Target {
  port: string
  state: string
}

/**
 * Sign-in for the command line: a page asks for e-mail and password, sends the browser to the loopback
 * port that waits with a code, and the command line exchanges the code for a token. The browser keeps no
 * session: cookies of 127.0.0.1 reach every port of it.
 */
export function registerCliSignInRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {clock, random} = deps
  const codes = new SignInCodes(clock, random)
  const limit = (calls: number) => (deps.hasRateLimits ? rateLimit(calls, clock) : () => undefined)
  const [tryLimit, exchangeLimit] = [limit(TRIES_PER_MINUTE), limit(EXCHANGES_PER_MINUTE)]

  app.get('/cli/auth/start', open, async (request, reply) => {
    const target = targetOf(new URLSearchParams(request.url.split('?')[1] ?? ''))
    return showPage(reply, {...target, email: '', problem: null})
  })
  app.post('/cli/auth/start', open, async (request, reply) => {
    refuseOtherSites(request)
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const target = targetOf(form)
    if (request.headers.authorization !== undefined)
      return withSession(deps, codes, {request, reply, target})
    if (form.get('decision') === 'deny') return sendBack(reply, target, {error: 'declined'})
    return withPassword(deps, {request, reply, form, target, codes, tryLimit})
  })
  app.post('/cli/auth/exchange', open, async (request) => {
    exchangeLimit(request.ip)
    return exchange(deps, codes, request)
  })
}

/** A caller who holds a session already, such as a script that signed in by password. */
function withSession(
  {authenticator}: ServerRouteDeps,
  codes: SignInCodes,
  {request, reply, target}: {request: FastifyRequest; reply: FastifyReply; target: Target},
): FastifyReply {
  const caller = authenticator.authenticate(request.headers.authorization, request.ip)
  if (caller.tokenKind === 'pat')
    throw new ApiError(403, 'This endpoint requires an interactive session, not a PAT')
  request.caller = caller
  return sendBack(reply, target, {code: codes.issue(caller.userId)})
}

async function withPassword(
  deps: ServerRouteDeps,
  {
    request,
    reply,
    form,
    target,
    codes,
    tryLimit,
  }: {
    request: FastifyRequest
    reply: FastifyReply
    form: URLSearchParams
    target: Target
    codes: SignInCodes
    tryLimit: (ip: string) => void
  },
): Promise<FastifyReply> {
  const email = (form.get('email') ?? '').trim()
  try {
    tryLimit(request.ip)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const problem = 'Too many tries. Wait a minute, then try again.'
    void reply.code(error.status).headers(error.headers)
    return showPage(reply, {...target, email, problem})
  }
  const user = await userOf(deps, email, form.get('password') ?? '')
  if (user) {
    const {authenticator, issuer} = deps
    request.caller = authenticator.authenticate(`Bearer ${issuer.session(user)}`, request.ip)
    return sendBack(reply, target, {code: codes.issue(user.id)})
  }
  const problem = 'The e-mail or the password is wrong, or the account has no password.'
  return showPage(reply.code(401), {...target, email, problem})
}

/** Takes the same time whether or not there is such an account. */
async function userOf(
  {state}: ServerRouteDeps,
  email: string,
  password: string,
): Promise<UserRow | undefined> {
  const user = state.userByEmail(email)
  if (!user?.passwordHash) {
    await spendPasswordTime(password)
    return undefined
  }
  return (await isPassword(password, user.passwordHash)) && user.active ? user : undefined
}

async function exchange(
  {state, issuer, clock, authenticator}: ServerRouteDeps,
  codes: SignInCodes,
  request: FastifyRequest,
): Promise<Record<string, unknown>> {
  const {code, name} = (request.body ?? {}) as {code?: unknown; name?: unknown}
  if (typeof code !== 'string' || code === '') throw new ApiError(400, 'code is required')
  const user = state.get('users', codes.redeem(code) ?? '')
  if (!user?.active) throw new ApiError(400, 'code invalid or expired')
  const asked = typeof name === 'string' ? name.trim().slice(0, MAX_NAME) : ''
  const {token, row} = issuer.personal(user, {
    name: asked === '' ? 'Agnes CLI' : asked,
    scope: 'cli-login',
    seconds: TOKEN_SECONDS,
  })
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  request.caller = authenticator.authenticate(`Bearer ${token}`, request.ip)
  return {token, email: user.email, expires_at: offsetIso(clock.now() + TOKEN_SECONDS * 1000)}
}

function targetOf(fields: URLSearchParams): Target {
  const [port, state] = [fields.get('port') ?? '', fields.get('state') ?? '']
  if (!/^\d{4,5}$/.test(port) || Number(port) < 1024 || Number(port) > 65_535)
    throw new ApiError(400, 'invalid loopback port')
  if (!/^[\x21-\x7E]{16,256}$/.test(state)) throw new ApiError(400, 'invalid state')
  return {port, state}
}

/** A form of another site cannot sign anybody in: browsers name the site a form was sent from. */
function refuseOtherSites({headers}: FastifyRequest): void {
  const {origin, host} = headers
  const site = headers['sec-fetch-site']
  const isForeign =
    origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
  if (isForeign || (site !== undefined && site !== 'same-origin'))
    throw new ApiError(403, 'This form was sent from another site')
}

function sendBack(
  reply: FastifyReply,
  {port, state}: Target,
  outcome: {code: string} | {error: string},
): FastifyReply {
  const query = new URLSearchParams({...outcome, state})
  return reply
    .code(303)
    .headers({
      ...{location: `http://127.0.0.1:${Number(port)}/callback?${query}`},
      ...{'cache-control': 'no-store', 'referrer-policy': 'no-referrer'},
    })
    .send()
}

function showPage(reply: FastifyReply, page: Parameters<typeof signInPage>[0]): FastifyReply {
  return reply.headers(signInHeaders(page.port)).send(signInPage(page))
}
