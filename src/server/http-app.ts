import {promisify} from 'node:util'
import {constants, gzip} from 'node:zlib'
import type {FastifyInstance, FastifyRequest} from 'fastify'
import type {Clock} from '../lib/ports/clock.js'
import type {Logger} from '../lib/ports/logger.js'
import type {Random} from '../lib/ports/random.js'
import {ApiError} from './api-error.js'
import type {AuditTrail} from './audit-trail.js'
import type {Authenticator} from './auth/authenticate.js'
import {errorHandler, notFound} from './http-errors.js'
import {parseJsonBody} from './json-body.js'
import type {RouteAccess} from './route-deps.js'

/** The contract's version this server speaks, as `X-Agnes-Latest-Version` tells it. */
export const CONTRACT_VERSION = '0.48.0'
const API_HEADERS = {
  'x-agnes-latest-version': CONTRACT_VERSION,
  'x-agnes-min-version': '0.0.0',
  'x-agnes-accepts': 'session-gzip',
}
const JSON_LIMIT_BYTES = 16 << 20
const GZIP_FROM_BYTES = 1024
const compress = promisify(gzip)

export interface HttpAppDeps {
  authenticator: Authenticator
  audit: AuditTrail
  clock: Clock
  random: Random
  logger: Logger
  /** Set once the server listens; loopback binds answer only to loopback names. */
  isLoopback: () => boolean
}

/** A route as it was registered, so that a test can hold every one of them to its access. */
export interface RouteFacts {
  method: string
  path: string
  access: RouteAccess
}

/** Fastify with everything that is the same for every route: ids, headers, who may, errors, gzip. */
export async function createHttpApp(
  deps: HttpAppDeps,
): Promise<{app: FastifyInstance; routes: RouteFacts[]}> {
  const {default: fastify} = await import('fastify')
  const {default: multipart} = await import('@fastify/multipart')
  const app = fastify({
    logger: false,
    bodyLimit: JSON_LIMIT_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    genReqId: (request) => requestId(request.headers['x-request-id'], deps.random),
    routerOptions: {maxParamLength: 4096},
    frameworkErrors: errorHandler(deps.logger),
  })
  app.decorateRequest('caller', undefined)
  app.decorateRequest('changed', undefined)
  const routes: RouteFacts[] = []
  app.addHook('onRoute', ({method, url, config}) => {
    for (const verb of [method].flat())
      routes.push({method: verb, path: url, access: config?.access ?? 'user'})
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    {parseAs: 'string'},
    async (_request: unknown, text: string) => parseJsonBody(text),
  )
  // Any other type is a body that is not the object a route asks for.
  app.addContentTypeParser('*', {parseAs: 'string'}, async (_request: unknown, text: string) =>
    text === '' ? undefined : text,
  )
  // A name with folders in it must be seen to be refused.
  await app.register(multipart, {
    preservePath: true,
    limits: {fileSize: 50 << 20, files: 10, fields: 50},
  })
  app.setErrorHandler(errorHandler(deps.logger))
  app.setNotFoundHandler(notFound)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (request.url.startsWith('/api/')) reply.headers(API_HEADERS)
    if (deps.isLoopback()) refuseForeignHost(request)
    if (deps.audit.isFull) await roomFor(request, deps)
    if (!request.is404) admit(request, deps.authenticator)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (String(reply.getHeader('content-type')).startsWith('application/json'))
      reply.header('content-type', 'application/json')
    if (typeof payload !== 'string' || payload.length < GZIP_FROM_BYTES) return payload
    if (request.url.startsWith('/api/data/')) return payload
    reply.header('vary', 'Accept-Encoding')
    if (!acceptsGzip(request) || reply.hasHeader('content-encoding')) return payload
    reply.header('content-encoding', 'gzip').removeHeader('content-length')
    return compress(payload, {level: constants.Z_BEST_SPEED})
  })
  app.addHook('onResponse', async (request, reply) => deps.audit.record(request, reply.statusCode))
  return {app, routes}
}

/** Nothing is done that cannot be written down: a full disk stops the server's work, and it says so. */
async function roomFor(
  request: FastifyRequest,
  {audit, logger}: Pick<HttpAppDeps, 'audit' | 'logger'>,
): Promise<void> {
  try {
    await audit.room(request)
  } catch (error) {
    logger.error('request refused: the audit cannot be written', {error: String(error)})
    throw new ApiError(503, 'The audit trail cannot be written; nothing is done until it can', {
      'retry-after': '5',
    })
  }
}

/** A page in a browser may point a name of its own at this address (DNS rebinding); names tell. */
function refuseForeignHost(request: FastifyRequest): void {
  const origin = `http://${request.headers.host ?? ''}`
  const hostname = URL.canParse(origin) ? new URL(origin).hostname : ''
  if (['localhost', '[::1]'].includes(hostname) || /^127(?:\.\d+){3}$/.test(hostname)) return
  throw new ApiError(403, 'Host check failed: this server only answers to localhost')
}

function admit(request: FastifyRequest, authenticator: Authenticator): void {
  const access = request.routeOptions.config.access ?? 'user'
  if (access === 'public') return
  request.caller = authenticator.authenticate(request.headers.authorization, request.ip)
  if (access === 'admin' && !request.caller.isAdmin)
    throw new ApiError(403, 'Admin access required')
}

function acceptsGzip(request: FastifyRequest): boolean {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?:1|0?\.\d*[1-9]))?\s*(?:,|$)/.test(accepted)
}

/** The caller's own id where it is harmless, else twelve hex digits. */
function requestId(header: string | string[] | undefined, random: Random): string {
  const given = (Array.isArray(header) ? header[0] : header)
    ?.replace(/[^A-Za-z0-9_-]/g, '')
    .slice(0, 64)
  return given || random.hex(6)
}
