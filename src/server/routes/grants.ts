import type {FastifyInstance} from 'fastify'
import {ApiError} from '../api-error.js'
import {uuid} from '../auth/token-issuer.js'
import {pageOf, type PageQuery} from '../pages.js'
import {RequestBody} from '../request-body.js'
import {callerOf} from '../route-deps.js'
import type {ServerRouteDeps} from '../server-deps.js'
import {GrantOrder, grantKey} from '../state/grant-order.js'
import type {GrantRow} from '../state/rows.js'
import {naiveIso} from '../times.js'
import {toGrant} from '../wire-rows.js'

const admin = {config: {access: 'admin'}} as const

export const RESOURCE_TYPES = [
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
  Querystring: PageQuery & {resource_type?: string; group_id?: string}
}
interface ById {
  Params: {id: string}
}

/** Which group may use what. */
export function registerGrantRoutes(app: FastifyInstance, deps: ServerRouteDeps): void {
  const {state, clock, random} = deps
  const order = new GrantOrder(state)

  app.get('/api/admin/resource-types', admin, async () => RESOURCE_TYPES)

  app.get<ListQuery>('/api/admin/grants', admin, async (request, reply) => {
    const {resource_type: type, group_id: groupId} = request.query
    if (type !== undefined) refuseUnknownType(type)
    const found = groupId === undefined ? order.all() : order.of(groupId)
    const rows =
      type === undefined ? found : found.filter(({resourceType}) => resourceType === type)
    const keyOf = (grant: GrantRow) => grantKey(grant, state)
    return pageOf({rows, keyOf}, request.query, reply).map((grant) =>
      toGrant(grant, state.get('groups', grant.groupId)),
    )
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
      request.changed = `granted ${resourceType} ${resourceId} to group ${group.name}`
      return {changes: [{put: 'grants', row}], result: toGrant(row, group)}
    })
    return reply.code(201).send(grant)
  })

  app.delete<ById>('/api/admin/grants/:id', admin, async (request, reply) => {
    const {id} = request.params
    await state.update(() => {
      const grant = state.get('grants', id)
      if (!grant) throw new ApiError(404, 'Grant not found')
      if (grant.isSystem) throw new ApiError(409, 'cannot_revoke_system_grant')
      const group = state.get('groups', grant.groupId)?.name ?? grant.groupId
      request.changed = `revoked ${grant.resourceType} ${grant.resourceId} from group ${group}`
      return {changes: [{drop: 'grants', key: [id]}], result: undefined}
    })
    return reply.code(204).send()
  })
}

function refuseUnknownType(type: string): void {
  const known = RESOURCE_TYPES.map(({key}) => key)
  if (known.includes(type)) return
  const list = known.map((key) => `'${key}'`).join(', ')
  throw new ApiError(400, `Unknown resource_type '${type}'. Known types: [${list}]`)
}
