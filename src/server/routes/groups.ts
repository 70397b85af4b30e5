import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {GroupRow, MemberRow, StateChange} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso, spaced} from '../times.js'
import {toGroup, toMember} from '../wire-rows.js'

const admin = {config: {access: 'admin'}} as const

type ById = FastifyRequest<{Params: {id: string}}>
type ByMember = FastifyRequest<{Params: {id: string; user: string}}>

/** Groups and who is in them. */
export function registerGroupRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state} = deps
  app.get('/api/admin/groups', admin, async () =>
    [...state.all('groups')].sort(bySystemThenName).map((group) => toGroup(group, state)),
  )
  app.get('/api/admin/groups/:id', admin, async (request: ById) =>
    toGroup(existing(state, request.params.id), state),
  )
  app.post('/api/admin/groups', admin, (request, reply) => create(deps, request, reply))
  app.patch('/api/admin/groups/:id', admin, (request: ById) => change(deps, request))
  app.delete('/api/admin/groups/:id', admin, (request: ById, reply) => remove(deps, request, reply))
  app.get('/api/admin/groups/:id/members', admin, async (request: ById) =>
    members(state, existing(state, request.params.id).id),
  )
  app.post('/api/admin/groups/:id/members', admin, (request: ById, reply) =>
    addMember(deps, request, reply),
  )
  app.delete('/api/admin/groups/:id/members/:user', admin, (request: ByMember, reply) =>
    removeMember(deps, request, reply),
  )
}

async function create(
  {state, clock, random}: ServerRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  const name = body.text('name').trim()
  const description = body.optionalText('description')
  body.check()
  const row: GroupRow = {
    id: random.hex(16),
    name,
    description,
    isSystem: false,
    createdAt: naiveIso(clock.now()),
    createdBy: callerOf(request).email,
  }
  await state.update(() => {
    refuseName(state, name)
    return {changes: [{put: 'groups', row}], result: undefined}
  })
  return reply.code(201).send(toGroup(row, state))
}

async function change({state}: ServerRouteDeps, request: ById): Promise<Record<string, unknown>> {
  const body = new RequestBody(request.body ?? {})
  const [name, description] = [body.optionalText('name')?.trim(), body.optionalText('description')]
  body.check()
  const row = await state.update(() => {
    const group = existing(state, request.params.id)
    if (name !== undefined && name !== group.name) {
      if (group.isSystem) throw new ApiError(409, 'System groups cannot be renamed')
      refuseName(state, name)
    }
    const changed = {
      ...group,
      name: name ?? group.name,
      description: body.has('description') ? description : group.description,
    }
    return {changes: [{put: 'groups', row: changed}], result: changed}
  })
  return toGroup(row, state)
}

/** With its memberships and grants, in one step. */
async function remove(
  {state}: ServerRouteDeps,
  request: ById,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {id} = request.params
  await state.update(() => {
    if (existing(state, id).isSystem) throw new ApiError(409, 'Cannot delete a system group')
    const changes: StateChange[] = [
      ...[...state.memberIdsOf(id)].map((user): StateChange => ({
        drop: 'members',
        key: [id, user],
      })),
      ...state.grantsOf(id).map((grant): StateChange => ({drop: 'grants', key: [grant.id]})),
      {drop: 'groups', key: [id]},
    ]
    return {changes, result: undefined}
  })
  return reply.code(204).send()
}

function members(state: SystemState, id: string): Record<string, unknown>[] {
  return [...state.memberIdsOf(id)].flatMap((userId) => {
    const [member, user] = [state.get('members', id, userId), state.get('users', userId)]
    return member && user ? [toMember(member, user, spaced(member.addedAt))] : []
  })
}

async function addMember(
  {state, clock}: ServerRouteDeps,
  request: ById,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = new RequestBody(request.body)
  const email = body.text('email')
  body.check()
  const added = await state.update(() => {
    const group = existing(state, request.params.id)
    const user = state.userByEmail(email)
    if (!user) throw new ApiError(404, `User '${email}' not found`)
    if (state.get('members', group.id, user.id)) throw new ApiError(409, 'User already a member')
    const row: MemberRow = {
      groupId: group.id,
      userId: user.id,
      source: 'admin',
      addedAt: naiveIso(clock.now()),
      addedBy: callerOf(request).email,
    }
    return {changes: [{put: 'members', row}], result: toMember(row, user, null)}
  })
  return reply.code(201).send(added)
}

async function removeMember(
  {state}: ServerRouteDeps,
  request: ByMember,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {id, user} = request.params
  await state.update(() => {
    const group = existing(state, id)
    if (state.get('members', id, user)?.source !== 'admin')
      throw new ApiError(404, 'No admin-managed membership found for this user in this group')
    const isLast = group.isSystem && group.name === 'Admin' && state.activeAdminCount() <= 1
    if (isLast && state.get('users', user)?.active)
      throw new ApiError(409, 'Cannot remove the last active admin')
    return {changes: [{drop: 'members', key: [id, user]}], result: undefined}
  })
  return reply.code(204).send()
}

function existing(state: SystemState, id: string): GroupRow {
  const group = state.get('groups', id)
  if (!group) throw new ApiError(404, 'Group not found')
  return group
}

function refuseName(state: SystemState, name: string): void {
  if (name === '') throw new ApiError(400, 'Group name is required')
  if (state.groupByName(name)) throw new ApiError(409, `Group '${name}' already exists`)
}

function bySystemThenName(a: GroupRow, b: GroupRow): number {
  if (a.isSystem !== b.isSystem) return a.isSystem ? -1 : 1
  return a.name < b.name ? -1 : 1
}
