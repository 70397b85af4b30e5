import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {hashPassword} from '../auth/passwords.js'
import {byKey, pageOf, type PageQuery} from '../pages.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import {newUser} from '../seed-state.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {StateChange, UserRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso, spaced} from '../times.js'
import {toGroupReference} from '../wire-rows.js'

const MIN_PASSWORD = 8
const admin = {config: {access: 'admin'}} as const

type ById = FastifyRequest<{Params: {id: string}}>

/** People: made, renamed, switched off and removed by administrators. */
export function registerUserRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state} = deps
  app.get<{Querystring: PageQuery}>('/api/users', admin, async (request, reply) => {
    const keyOf = ({email, id}: UserRow) => `${email}\u0000${id}`
    const rows = [...state.all('users')].sort(byKey(keyOf))
    return pageOf({rows, keyOf}, request.query, reply).map((user) => toUser(user, state))
  })
  app.get('/api/users/:id', admin, async (request: ById) =>
    toUser(existing(state, request.params.id), state),
  )
  app.post('/api/users', admin, (request, reply) => create(deps, request, reply))
  app.patch('/api/users/:id', admin, (request: ById) => {
    const body = new RequestBody(request.body ?? {})
    const [name, active] = [body.optionalText('name'), body.optionalFlag('active')]
    body.check()
    return change(deps, request, {name, active})
  })
  app.post('/api/users/:id/activate', admin, (request: ById) =>
    change(deps, request, {name: null, active: true}),
  )
  app.post('/api/users/:id/deactivate', admin, (request: ById) =>
    change(deps, request, {name: null, active: false}),
  )
  app.post('/api/users/:id/set-password', admin, (request: ById, reply) =>
    setPassword(deps, request, reply),
  )
  app.delete('/api/users/:id', admin, (request: ById, reply) => remove(deps, request, reply))
}

async function create(
  {state, clock, random}: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  const email = body.text('email').trim()
  const name = body.optionalText('name')
  body.check()
  if (email === '') throw new ApiError(422, 'A valid email address is required')
  const user = newUser({clock, random}, {email, name: name ?? email.split('@', 1)[0] ?? email})
  await state.update(() => {
    if (state.hasEmail(email)) throw new ApiError(409, 'User with this email already exists')
    request.changed = `made user ${email}`
    return {changes: [{put: 'users', row: user}], result: undefined}
  })
  return reply.code(201).send(toUser(user, state))
}

function change(
  {state, clock}: ServerRouteDeps,
  request: ById,
  wanted: {name: string | null; active: boolean | null},
): Promise<Record<string, unknown>> {
  const {id} = request.params
  return state.update(() => {
    const user = existing(state, id)
    const active = wanted.active ?? user.active
    if (!active && user.active) {
      if (id === callerOf(request).userId) throw new ApiError(409, 'Cannot deactivate yourself')
      refuseLastAdmin(state, user, 'deactivate')
    }
    const deactivatedAt = active ? null : (user.deactivatedAt ?? naiveIso(clock.now()))
    const row = {...user, name: wanted.name ?? user.name, active, deactivatedAt}
    request.changed = describeChange(user, row)
    return {changes: [{put: 'users', row}], result: toUser(row, state)}
  })
}

async function setPassword(
  {state, random}: ServerRouteDeps,
  request: ById,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  const password = body.text('password')
  body.check()
  existing(state, request.params.id)
  if (password.length < MIN_PASSWORD)
    throw new ApiError(400, `Password must be at least ${MIN_PASSWORD} characters`)
  const passwordHash = await hashPassword(password, random)
  await state.update(() => ({
    changes: [{put: 'users', row: {...existing(state, request.params.id), passwordHash}}],
    result: undefined,
  }))
  request.changed = `set the password of ${existing(state, request.params.id).email}`
  return reply.code(204).send()
}

async function remove(
  {state}: ServerRouteDeps,
  request: ById,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {id} = request.params
  await state.update(() => {
    const user = existing(state, id)
    if (id === callerOf(request).userId) throw new ApiError(409, 'Cannot delete yourself')
    refuseLastAdmin(state, user, 'delete')
    request.changed = `deleted user ${user.email}`
    return {changes: removal(state, id), result: undefined}
  })
  return reply.code(204).send()
}

function describeChange(before: UserRow, after: UserRow): string {
  if (before.active !== after.active)
    return `${after.active ? 'activated' : 'deactivated'} user ${after.email}`
  return `changed user ${after.email}`
}

/** The user with everything that is theirs; their tokens stop working with the account. */
function removal(state: SystemState, id: string): StateChange[] {
  const drop = (table: 'members' | 'tokens' | 'preferences', ...key: string[]): StateChange => ({
    drop: table,
    key,
  })
  return [
    {drop: 'users', key: [id]},
    ...[...state.groupIdsOf(id)].map((groupId) => drop('members', groupId, id)),
    ...[...state.all('tokens')].flatMap((row) => (row.userId === id ? drop('tokens', row.id) : [])),
    ...[...state.all('preferences')].flatMap((row) =>
      row.userId === id ? drop('preferences', id, row.dataset) : [],
    ),
  ]
}

function existing(state: SystemState, id: string): UserRow {
  const user = state.get('users', id)
  if (!user) throw new ApiError(404, 'User not found')
  return user
}

function refuseLastAdmin(state: SystemState, user: UserRow, verb: string): void {
  if (user.active && state.isAdmin(user.id) && state.activeAdminCount() <= 1)
    throw new ApiError(409, `Cannot ${verb} the last active admin`)
}

function toUser(user: UserRow, state: SystemState): Record<string, unknown> {
  const isAdmin = state.isAdmin(user.id)
  const groups = [...state.groupIdsOf(user.id)].flatMap((id) => state.get('groups', id) ?? [])
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: isAdmin ? 'admin' : 'user',
    is_admin: isAdmin,
    is_sso_user: false,
    groups: groups.map(toGroupReference),
    active: user.active,
    created_at: spaced(user.createdAt),
    deactivated_at: spaced(user.deactivatedAt),
    invite_url: null,
    invite_email_sent: null,
  }
}
