import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {byKey, pageOf, type PageQuery} from '../pages.js'
import {joinGroup, leaveGroup} from '../memberships.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {GroupRow, StateChange, UserRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso, spaced} from '../times.js'
import {toGroup, toMember} from '../wire-rows.js'

const admin = {config: {access: 'admin'}} as const

type ById = FastifyRequest<{Params: {id: string}}>
type ByMember = FastifyRequest<{Params: {id: string; user: string}}>

/** Groups and who is in them. */
export function registerGroupRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state} = deps
  app.get<{Querystring: PageQuery}>('/api/admin/groups', admin, async (request, reply) => {
    const rows = [...state.all('groups')].sort(byKey(systemThenName))
    const page = pageOf({rows, keyOf: systemThenName}, request.query, reply)
    return page.map((group) => toGroup(group, state))
  })
  app.get('/api/admin/groups/:id', admin, async (request: ById) =>
    toGroup(existing(state, request.params.id), state),
  )
  app.post('/api/admin/groups', admin, (request, reply) => create(deps, request, reply))
  app.patch('/api/admin/groups/:id', admin, (request: ById) => change(deps, request))
  app.delete('/api/admin/groups/:id', admin, (request: ById, reply) => remove(deps, request, reply))
  app.get<{Params: {id: string}; Querystring: PageQuery}>(
    '/api/admin/groups/:id/members',
    admin,
    async (request, reply) =>
      members(state, existing(state, request.params.id).id, {request, reply}),
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
    request.changed = `made group ${name}`
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
    request.changed =
      changed.name === group.name
        ? `changed group ${group.name}`
        : `renamed group ${group.name} to ${changed.name}`
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
    const group = existing(state, id)
    if (group.isSystem) throw new ApiError(409, 'Cannot delete a system group')
    request.changed = `deleted group ${group.name}`
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

function members(
  state: SystemState,
  id: string,
  {request, reply}: {request: {query: PageQuery}; reply: FastifyReply},
): Record<string, unknown>[] {
  const keyOf = ({email, id: userId}: UserRow) => `${email}\u0000${userId}`
  const rows = [...state.memberIdsOf(id)].flatMap((userId) => state.get('users', userId) ?? [])
  return pageOf({rows: rows.sort(byKey(keyOf)), keyOf}, request.query, reply).flatMap((user) => {
    const member = state.get('members', id, user.id)
    return member ? [toMember(member, user, spaced(member.addedAt))] : []
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
    return joinGroup({state, clock}, {group, user, taken: 'User already a member'}, request)
  })
  return reply.code(201).send(added)
}

async function removeMember(
  {state}: ServerRouteDeps,
  request: ByMember,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const {id, user} = request.params
  await state.update(() => leaveGroup(state, {group: existing(state, id), userId: user}, request))
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

function systemThenName({isSystem, name}: GroupRow): string {
  return `${isSystem ? 0 : 1}${name}`
}
