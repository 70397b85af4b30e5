import type {FastifyInstance, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {isPassword} from '../auth/passwords.js'
import {rateLimit} from '../auth/rate-limit.js'
import {RequestBody} from '../request-body.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {UserRow} from '../state/rows.js'
import {registerCliSignInRoutes} from './cli-sign-in.js'

const CALLS_PER_MINUTE = 10

/** Passwords to session tokens; the page for the command line. */
export function registerSignInRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state, issuer, authenticator} = deps
  const limit = () =>
    deps.hasRateLimits ? rateLimit(CALLS_PER_MINUTE, deps.clock) : () => undefined
  const [tokenLimit, loginLimit] = [limit(), limit()]

  app.post('/auth/token', {config: {access: 'public'}}, async (request) => {
    tokenLimit(request.ip)
    const body = new RequestBody(request.body)
    const [email, password] = [body.text('email'), body.optionalText('password')]
    body.check()
    const user = state.userByEmail(email)
    if (!user) throw new ApiError(401, 'User not found')
    if (!user.active) throw new ApiError(401, 'Account deactivated')
    if (user.passwordHash === null)
      throw new ApiError(
        401,
        'This account has no password: it uses external authentication or a personal access token. Ask an administrator to set one.',
      )
    if (!password) throw new ApiError(401, 'Password required')
    if (!(await isPassword(password, user.passwordHash)))
      throw new ApiError(401, 'Invalid password')
    return {
      access_token: signIn(request, user),
      token_type: 'bearer',
      user_id: user.id,
      email: user.email,
      role: roleOf(user),
    }
  })

  app.post('/auth/password/login', {config: {access: 'public'}}, async (request) => {
    loginLimit(request.ip)
    const body = new RequestBody(request.body)
    const [email, password] = [body.text('email'), body.text('password')]
    body.check()
    const user = state.userByEmail(email)
    if (!user?.passwordHash || !(await isPassword(password, user.passwordHash)))
      throw new ApiError(401, 'Invalid email or password')
    if (!user.active) throw new ApiError(401, 'Account deactivated')
    return {
      access_token: signIn(request, user),
      token_type: 'bearer',
      email: user.email,
      role: roleOf(user),
    }
  })

  registerCliSignInRoutes(app, deps)

  /** From here on the request counts as this person's, also in the audit. */
  function signIn(request: FastifyRequest, user: UserRow): string {
    const token = issuer.session(user)
    request.caller = authenticator.authenticate(`Bearer ${token}`, request.ip)
    return token
  }

  function roleOf(user: UserRow): string {
    return state.isAdmin(user.id) ? 'admin' : 'user'
  }
}
