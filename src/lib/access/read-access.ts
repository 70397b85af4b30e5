import type {AdminApi} from '../admin/admin-api.js'
import {collect} from '../admin/pages.js'
import type {Grant, Group} from '../wire/admin.js'
import type {
  CurrentAccess,
  CurrentGrant,
  CurrentGroup,
  CurrentMember,
  DesiredAccess,
} from './access-model.js'
import {currentMetric, currentTable} from './known-fields.js'

/** What of a server has to be read. */
export interface AccessNeeds {
  /** Names of groups whose members matter; `all` for every group. */
  membersOf: ReadonlySet<string> | 'all'
  tables: boolean
  grants: boolean
  metrics: boolean
}

/** Requests for the members of groups at once. */
const PARALLEL = 4

/** What a plan for `desired` depends on; the last administrator is looked after in any case. */
export function needsOf(desired: DesiredAccess, {prune}: {prune: boolean}): AccessNeeds {
  const named = (desired.groups ?? []).filter(({members}) => members !== null)
  const removesGroups = prune && desired.groups !== null
  return {
    membersOf: removesGroups ? 'all' : new Set(named.map(({name}) => name)),
    tables: desired.tables !== null || (desired.grants?.length ?? 0) > 0,
    grants: desired.grants !== null || removesGroups,
    metrics: desired.metrics !== null,
  }
}

export const everything: AccessNeeds = {
  membersOf: 'all',
  tables: true,
  grants: true,
  metrics: true,
}

export async function readAccess(
  {api, me}: {api: AdminApi; me: string | null},
  needs: AccessNeeds,
  signal: AbortSignal,
): Promise<CurrentAccess> {
  const users = await collect(api.users(signal))
  const groups = (await collect(api.groups(signal))).map(currentGroup)
  return {
    me,
    users: users.map(({id, email, name, isActive, isAdmin}) => ({
      id,
      email,
      name,
      isActive,
      isAdmin,
    })),
    groups,
    members: await readMembers(api, {groups, of: needs.membersOf}, signal),
    tables: needs.tables ? (await api.tables(signal)).map(currentTable) : null,
    grants: needs.grants ? (await collect(api.grants({}, signal))).map(currentGrant) : null,
    metrics: needs.metrics ? (await api.metrics(signal)).map(currentMetric) : null,
    resourceTypes: needs.grants ? (await api.resourceTypes(signal)).map(({key}) => key) : null,
  }
}

async function readMembers(
  api: AdminApi,
  {groups, of}: {groups: readonly CurrentGroup[]; of: AccessNeeds['membersOf']},
  signal: AbortSignal,
): Promise<Map<string, CurrentMember[]>> {
  const {default: pLimit} = await import('p-limit')
  const limit = pLimit(PARALLEL)
  const wanted = groups.filter(({name}) => of === 'all' || of.has(name))
  const read = async ({id}: CurrentGroup): Promise<[string, CurrentMember[]]> => {
    signal.throwIfAborted()
    const members = await collect(api.members(id, signal))
    return [id, members.map(({userId, email, source}) => ({userId, email, source}))]
  }
  return new Map(await Promise.all(wanted.map((group) => limit(() => read(group)))))
}

function currentGroup({id, name, description, isSystem, origin}: Group): CurrentGroup {
  return {id, name, description, isSystem, isManagedElsewhere: origin === 'google_sync'}
}

/** Nothing on the wire marks what a server granted to itself but that no person did it. */
function currentGrant(grant: Grant): CurrentGrant {
  const {id, groupId, resourceType, resourceId, requirement, assignedBy} = grant
  const isByNobody = assignedBy === null || assignedBy.startsWith('system:')
  const isSystem = resourceType === 'marketplace_plugin' && isByNobody
  return {id, groupId, resourceType, resourceId, requirement, isSystem}
}
