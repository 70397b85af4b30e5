import type {FastifyInstance} from 'fastify'
import {ApiError} from '../api-error.js'
import {uuid} from '../auth/token-issuer.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import type {GrantRow} from '../state/rows.js'
import type {SystemState} from '../state/system-state.js'
import {naiveIso} from '../times.js'
import {toGrant} from '../wire-rows.js'

const admin = {config: {access: 'admin'}} as const

const RESOURCE_TYPES = [
  {
    key: 'marketplace_plugin',
    display_name: 'Marketplace plugins',
    description: 'A plugin from a registered marketplace.',
    id_format: '<marketplace_slug>/<plugin_name>',
  },
  {
    key: 'table',
    display_name: 'Tables',
    description: 'A registered data table.',
    id_format: '<table_id>',
  },
  {
    key: 'memory_domain',
    display_name: 'Memory domains',
    description: 'A corporate-memory domain (knowledge_items.domain).',
    id_format: '<domain>',
  },
]

interface ListQuery {
  Querystring: {resource_type?: string; group_id?: string}
}
interface ById {
  Params: {id: string}
}

/** Which group may use what, and what that comes to for one person. */
export function registerGrantRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state, clock, random} = deps

  app.get('/api/admin/resource-types', admin, async () => RESOURCE_TYPES)

  app.get<ListQuery>('/api/admin/grants', admin, async (request) => {
    const {resource_type: type, group_id: groupId} = request.query
    if (type !== undefined) refuseUnknownType(type)
    return [...state.all('grants')]
      .filter((grant) => type === undefined || grant.resourceType === type)
      .filter((grant) => groupId === undefined || grant.groupId === groupId)
      .map((grant) => toGrant(grant, state.get('groups', grant.groupId)))
      .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  })

  app.post('/api/admin/grants', admin, async (request, reply) => {
    const body = new RequestBody(request.body)
    const groupId = body.text('group_id')
    const resourceType = body.text('resource_type')
    const resourceId = body.text('resource_id').trim()
    body.check()
    refuseUnknownType(resourceType)
    if (resourceId === '') throw new ApiError(400, 'resource_id is required')
    const grant = await state.update(() => {
      const group = state.get('groups', groupId)
      if (!group) throw new ApiError(404, 'Group not found')
      if (state.isGranted(groupId, resourceType, resourceId))
        throw new ApiError(409, 'Grant already exists for this group/resource_type/resource_id')
      const row: GrantRow = {
        id: uuid(random),
        groupId,
        resourceType,
        resourceId,
        assignedAt: naiveIso(clock.now()),
        assignedBy: callerOf(request).email,
      }
      return {changes: [{put: 'grants', row}], result: toGrant(row, group)}
    })
    return reply.code(201).send(grant)
  })

  app.delete<ById>('/api/admin/grants/:id', admin, async (request, reply) => {
    const {id} = request.params
    await state.update(() => {
      if (!state.get('grants', id)) throw new ApiError(404, 'Grant not found')
      return {changes: [{drop: 'grants', key: [id]}], result: undefined}
    })
    return reply.code(204).send()
  })

  app.get('/api/me/effective-access', async (request) =>
    effectiveAccess(state, callerOf(request).userId),
  )

  app.get<ById>('/api/admin/users/:id/effective-access', admin, async (request) => {
    if (!state.get('users', request.params.id)) throw new ApiError(404, 'User not found')
    return effectiveAccess(state, request.params.id)
  })
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

function refuseUnknownType(type: string): void {
  const known = RESOURCE_TYPES.map(({key}) => key)
  if (known.includes(type)) return
  const list = known.map((key) => `'${key}'`).join(', ')
  throw new ApiError(400, `Unknown resource_type '${type}'. Known types: [${list}]`)
}

function sortKey(grant: Record<string, unknown>): string {
  return [grant.group_name, grant.resource_type, grant.resource_id].join('\u0000')
}
