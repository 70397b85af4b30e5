import type {AdminApi} from '../../admin/admin-api.js'
import {findGroup, findTable} from '../../admin/find.js'
import type {AdminSurroundings} from '../../admin/open-admin.js'
import type {McpSurroundings} from '../tool.js'

export interface GrantInput {
  action: 'grant' | 'revoke'
  group: string
  resource: string
  type: string
}

/** What one change of a grant would come to. */
export interface GrantPlan {
  action: 'grant' | 'revoke'
  groupId: string
  groupName: string
  resourceType: string
  resourceId: string
  /** The grant that is there now; `null` for none. */
  grantId: string | null
  /** False where it is so already. */
  isChange: boolean
}

/** Administration of the server that this server's workspace belongs to. */
export function adminAt(around: McpSurroundings, workspace: string | undefined): AdminSurroundings {
  return {
    streams: around.streams,
    filesAt: (root) => around.filesAt(root),
    findWorkspace: (flag) => around.findWorkspace(flag ?? workspace),
    serverOrigin: (server) => around.serverOrigin(server),
    http: (origin) => around.http(origin),
  }
}

export function grantSubject({action, group, resource, type}: GrantInput): unknown {
  return {action, group: group.trim(), resource: resource.trim(), type}
}

export async function planGrant(
  api: AdminApi,
  {action, group, resource, type}: GrantInput,
  signal: AbortSignal,
): Promise<GrantPlan> {
  const isDestructive = action === 'revoke'
  const {id: groupId, name: groupName} = await findGroup(
    api,
    {reference: group, isDestructive},
    signal,
  )
  const resourceId =
    type === 'table'
      ? (await findTable(api, {reference: resource, isDestructive}, signal)).id
      : resource
  let grantId: string | null = null
  for await (const page of api.grants({groupId, resourceType: type}, signal))
    grantId ??=
      page.find((row) => row.resourceType === type && row.resourceId === resourceId)?.id ?? null
  const isChange = (grantId === null) === (action === 'grant')
  return {action, groupId, groupName, resourceType: type, resourceId, grantId, isChange}
}
