import type {FastifyInstance} from 'fastify'
import {ApiError} from '../api-error.js'
import {hashPassword} from '../auth/passwords.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import {newUser} from '../seed-state.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {StateChange, UserRow} from '../state/rows.js'
import {naiveIso, spaced} from '../times.js'
import {toGroupReference} from '../wire-rows.js'

const MIN_PASSWORD = 8
const admin = {config: {access: 'admin'}} as const

interface ById {
  Params: {id: string}
}

/** People: made, renamed, switched off and removed by administrators. */
export function registerUserRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state, clock, random} = deps

  app.get('/api/users', admin, async () =>
    [...state.all('users')]
      .sort((a, b) => (a.email < b.email ? -1 : 1))
      .map((user) => toUser(user)),
  )

  app.get<ById>('/api/users/:id', admin, async (request) => toUser(existing(request.params.id)))

  app.post('/api/users', admin, async (request, reply) => {
    const body = new RequestBody(request.body)
    const email = body.text('email').trim()
    const name = body.optionalText('name')
    body.check()
    if (email === '') throw new ApiError(422, 'A valid email address is required')
    const user = newUser({clock, random}, {email, name: name ?? email.split('@', 1)[0] ?? email})
    await state.update(() => {
      if (state.userByEmail(email)) throw new ApiError(409, 'User with this email already exists')
      return {changes: [{put: 'users', row: user}], result: undefined}
    })
    return reply.code(201).send(toUser(user))
  })

  app.patch<ById>('/api/users/:id', admin, async (request) => {
    const body = new RequestBody(request.body ?? {})
    const [name, active] = [body.optionalText('name'), body.optionalFlag('active')]
    body.check()
    return change(request.params.id, callerOf(request).userId, {name, active})
  })
  app.post<ById>('/api/users/:id/activate', admin, async (request) =>
    change(request.params.id, callerOf(request).userId, {name: null, active: true}),
  )
  app.post<ById>('/api/users/:id/deactivate', admin, async (request) =>
    change(request.params.id, callerOf(request).userId, {name: null, active: false}),
  )

  app.delete<ById>('/api/users/:id', admin, async (request, reply) => {
    const {id} = request.params
    await state.update(() => {
      const user = existing(id)
      if (id === callerOf(request).userId) throw new ApiError(409, 'Cannot delete yourself')
      refuseLastAdmin(user, 'delete')
      return {changes: removal(id), result: undefined}
    })
    return reply.code(204).send()
  })

  app.post<ById>('/api/users/:id/set-password', admin, async (request, reply) => {
    const body = new RequestBody(request.body)
    const password = body.text('password')
    body.check()
    existing(request.params.id)
    if (password.length < MIN_PASSWORD)
      throw new ApiError(400, `Password must be at least ${MIN_PASSWORD} characters`)
    const passwordHash = await hashPassword(password, random)
    await state.update(() => ({
      changes: [{put: 'users', row: {...existing(request.params.id), passwordHash}}],
      result: undefined,
    }))
    return reply.code(204).send()
  })

  function change(
    id: string,
    callerId: string,
    wanted: {name: string | null; active: boolean | null},
  ): Promise<Record<string, unknown>> {
    return state.update(() => {
      const user = existing(id)
      const active = wanted.active ?? user.active
      if (!active && user.active) {
        if (id === callerId) throw new ApiError(409, 'Cannot deactivate yourself')
        refuseLastAdmin(user, 'deactivate')
      }
      const deactivatedAt = active ? null : (user.deactivatedAt ?? naiveIso(clock.now()))
      const row = {...user, name: wanted.name ?? user.name, active, deactivatedAt}
      return {changes: [{put: 'users', row}], result: toUser(row)}
    })
  }

  function existing(id: string): UserRow {
    const user = state.get('users', id)
    if (!user) throw new ApiError(404, 'User not found')
    return user
  }

  function refuseLastAdmin(user: UserRow, verb: string): void {
    if (user.active && state.isAdmin(user.id) && state.activeAdminCount() <= 1)
      throw new ApiError(409, `Cannot ${verb} the last active admin`)
  }

  /** The user with everything that is theirs; their tokens stop working with the account. */
  function removal(id: string): StateChange[] {
    return [
      {drop: 'users', key: [id]},
      ...[...state.groupIdsOf(id)].map((groupId): StateChange => ({
        drop: 'members',
        key: [groupId, id],
      })),
      ...[...state.all('tokens')]
        .filter((token) => token.userId === id)
        .map((token): StateChange => ({drop: 'tokens', key: [token.id]})),
      ...[...state.all('preferences')]
        .filter((row) => row.userId === id)
        .map((row): StateChange => ({drop: 'preferences', key: [id, row.dataset]})),
    ]
  }

  function toUser(user: UserRow): Record<string, unknown> {
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
}
