import type {FastifyInstance, FastifyRequest} from 'fastify'
import {ApiError} from '../api-error.js'
import {joinGroup, leaveGroup} from '../memberships.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {GroupRow, UserRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {spaced} from '../times.js'
import {originOf, toGrant, toGroup} from '../wire-rows.js'
import {RESOURCE_TYPES} from './grants.js'

const admin = {config: {access: 'admin'}} as const

type ById = FastifyRequest<{Params: {id: string}}>
type ByGroup = FastifyRequest<{Params: {id: string; group: string}}>

/** One person's side of groups and grants, and all of it at once. */
export function registerAccessRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state} = deps
  app.get('/api/me/effective-access', async (request) =>
    effectiveAccess(state, callerOf(request).userId),
  )
  app.get('/api/admin/users/:id/effective-access', admin, async (request: ById) =>
    effectiveAccess(state, existingUser(state, request.params.id).id),
  )
  app.get('/api/admin/users/:id/memberships', admin, async (request: ById) =>
    memberships(state, existingUser(state, request.params.id).id),
  )
  app.post('/api/admin/users/:id/memberships', admin, async (request: ById, reply) => {
    const body = new RequestBody(request.body)
    const groupId = body.text('group_id')
    body.check()
    const id = request.params.id
    await state.update(() => {
      const [user, group] = [existingUser(state, id), existingGroup(state, groupId)]
      return joinGroup(deps, {group, user, taken: 'Already a member'}, request)
    })
    const made = memberships(state, id).find((row) => row.group_id === groupId)
    return reply.code(201).send(made)
  })
  app.delete('/api/admin/users/:id/memberships/:group', admin, async (request: ByGroup, reply) => {
    const {id, group} = request.params
    await state.update(() => {
      existingUser(state, id)
      return leaveGroup(state, {group: existingGroup(state, group), userId: id}, request)
    })
    return reply.code(204).send()
  })
  app.get('/api/admin/access-overview', admin, async () => overview(deps))
}

/** What the groups of a user are granted; an administrator's right to everything is not spelled out. */
function effectiveAccess(state: SystemState, userId: string): Record<string, unknown> {
  const items = new Map<
    string,
    {resource_type: string; resource_id: string; via_groups: object[]}
  >()
  for (const groupId of state.groupIdsOf(userId)) {
    for (const {resourceType, resourceId} of state.grantsOf(groupId)) {
      const key = `${resourceType}\u0000${resourceId}`
      const item = items.get(key) ?? {
        resource_type: resourceType,
        resource_id: resourceId,
        via_groups: [],
      }
      item.via_groups.push({group_id: groupId, group_name: state.get('groups', groupId)?.name})
      items.set(key, item)
    }
  }
  const keys = [...items.keys()].sort()
  return {is_admin: state.isAdmin(userId), items: keys.map((key) => items.get(key))}
}

function memberships(state: SystemState, userId: string): Record<string, unknown>[] {
  return [...state.groupIdsOf(userId)].flatMap((groupId) => {
    const [group, member] = [state.get('groups', groupId), state.get('members', groupId, userId)]
    if (!group || !member) return []
    return {
      group_id: group.id,
      group_name: group.name,
      is_system: group.isSystem,
      origin: originOf(group),
      source: member.source,
      added_at: spaced(member.addedAt),
      added_by: member.addedBy,
    }
  })
}

function overview({state, catalog}: ServerRouteDeps): Record<string, unknown> {
  const tables = catalog.all().map(({id, name, source}) => ({id, name, block: source}))
  const blocks = [...new Set(tables.map(({block}) => block))].map((block) => ({
    id: block,
    name: block,
    items: tables
      .filter((table) => table.block === block)
      .map(({id, name}) => ({resource_id: id, name})),
  }))
  return {
    groups: [...state.all('groups')].map((group) => toGroup(group, state)),
    grants: [...state.all('grants')].map((grant) =>
      toGrant(grant, state.get('groups', grant.groupId)),
    ),
    resources: RESOURCE_TYPES.map(({key, display_name}) => ({
      type_key: key,
      type_display: display_name,
      blocks: key === 'table' ? blocks : [],
    })),
  }
}

function existingUser(state: SystemState, id: string): UserRow {
  const user = state.get('users', id)
  if (!user) throw new ApiError(404, 'User not found')
  return user
}

function existingGroup(state: SystemState, id: string): GroupRow {
  const group = state.get('groups', id)
  if (!group) throw new ApiError(404, 'Group not found')
  return group
}
