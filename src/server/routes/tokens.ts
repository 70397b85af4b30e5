import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {TokenRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso, spaced} from '../times.js'

const DAY_SECONDS = 86_400
const MAX_DAYS = 3650
const BOOTSTRAP_SECONDS = 3600

type ById = FastifyRequest<{Params: {id: string}}>

/** Personal access tokens: made by a signed-in person, listed and revoked by their owner or an admin. */
export function registerTokenRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state} = deps
  const admin = {config: {access: 'admin'}} as const
  const own = (request: ById) => ownToken(state, callerOf(request).userId, request.params.id)

  app.post('/auth/tokens', (request, reply) => create(deps, request, reply))
  app.get('/auth/tokens', async (request) => {
    const {userId} = callerOf(request)
    return newestFirst([...state.all('tokens')].filter((row) => row.userId === userId)).map(toItem)
  })
  app.get('/auth/tokens/:id', async (request: ById) => toItem(own(request)))
  app.delete('/auth/tokens/:id', (request: ById, reply) => revoke(deps, reply, () => own(request)))

  app.get('/auth/admin/tokens', admin, async () =>
    newestFirst([...state.all('tokens')]).map((row) => ({
      ...toItem(row),
      user_id: row.userId,
      user_email: state.get('users', row.userId)?.email ?? null,
      last_used_ip: row.lastUsedIp,
    })),
  )
  app.delete('/auth/admin/tokens/:id', admin, (request: ById, reply) =>
    revoke(deps, reply, () => {
      const row = state.get('tokens', request.params.id)
      if (!row) throw new ApiError(404, 'Token not found')
      return row
    }),
  )
}

async function create(
  {state, issuer}: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const caller = callerOf(request)
  if (caller.tokenKind === 'pat')
    throw new ApiError(403, 'This endpoint requires an interactive session, not a PAT')
  const wanted = wantedToken(request.body)
  const user = state.get('users', caller.userId)
  if (!user) throw new ApiError(401, 'User not found')
  const {token, row} = issuer.personal(user, wanted)
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  return reply.code(201).send({
    id: row.id,
    name: row.name,
    prefix: prefixOf(row),
    token,
    expires_at: withOffset(row.expiresAt),
    created_at: withOffset(row.createdAt),
  })
}

async function revoke(
  {state, clock}: ServerRouteDeps,
  reply: FastifyReply,
  find: () => TokenRow,
): Promise<FastifyReply> {
  await state.update(() => {
    const row = find()
    const revokedAt = row.revokedAt ?? naiveIso(clock.now())
    return {changes: [{put: 'tokens', row: {...row, revokedAt}}], result: undefined}
  })
  return reply.code(204).send()
}

function ownToken(state: SystemState, userId: string, id: string): TokenRow {
  const row = state.get('tokens', id)
  if (row?.userId !== userId) throw new ApiError(404, 'Token not found')
  return row
}

function wantedToken(input: unknown): {name: string; scope: string; seconds: number | null} {
  const body = new RequestBody(input)
  const name = body.text('name').trim()
  const days = body.optionalWhole('expires_in_days') ?? (body.has('expires_in_days') ? null : 90)
  const ttl = body.optionalWhole('ttl_seconds')
  const scope = body.optionalText('scope') ?? 'general'
  body.check()
  if (name === '') throw new ApiError(400, 'Token name is required')
  if (days !== null && (days <= 0 || days > MAX_DAYS))
    throw new ApiError(400, `expires_in_days must be between 1 and ${MAX_DAYS}`)
  if (ttl !== null && (ttl <= 0 || ttl > MAX_DAYS * DAY_SECONDS))
    throw new ApiError(400, `ttl_seconds must be between 1 and ${MAX_DAYS * DAY_SECONDS}`)
  const seconds = ttl ?? (days === null ? null : days * DAY_SECONDS)
  const isBootstrap = scope === 'bootstrap-analyst'
  return {
    name,
    scope,
    seconds: isBootstrap ? Math.min(seconds ?? BOOTSTRAP_SECONDS, BOOTSTRAP_SECONDS) : seconds,
  }
}

function newestFirst(rows: TokenRow[]): TokenRow[] {
  return rows.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0))
}

function toItem(row: TokenRow): Record<string, unknown> {
  return {
    id: row.id,
    name: row.name,
    prefix: prefixOf(row),
    created_at: spaced(row.createdAt),
    expires_at: spaced(row.expiresAt),
    last_used_at: spaced(row.lastUsedAt),
    revoked_at: spaced(row.revokedAt),
  }
}

function prefixOf(row: TokenRow): string {
  return row.id.slice(0, 8)
}

function withOffset(iso: string | null): string | null {
  return iso === null ? null : `${spaced(iso)}+00:00`
}
