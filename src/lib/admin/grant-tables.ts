import type {Grant, Group} from '../wire/admin.js'
import {createGrants, type GrantRequest} from './change-grants.js'
import type {ChangeResult} from './changes.js'
import {findGroup} from './find.js'
import type {Admin} from './open-admin.js'
import {collect} from './pages.js'

/** What `agnes admin grant` answers, by how much was said. */
export type GrantOrShown =
  | ({kind: 'granted'} & ChangeResult)
  | {kind: 'group'; group: Group; grants: Grant[]}
  | {kind: 'groups'; groups: Group[]}

interface ShowRequest extends Pick<GrantRequest, 'onNote'> {
  group: string | undefined
  tables: readonly string[]
}

/** Grants tables to a group; shows what the group has where no table is named, the groups where none is. */
export async function grantOrShow(
  admin: Admin,
  {group: reference, tables, onNote}: ShowRequest,
  signal: AbortSignal,
): Promise<GrantOrShown> {
  const {api} = admin
  if (reference === undefined) return {kind: 'groups', groups: await collect(api.groups(signal))}
  if (tables.length === 0) {
    const group = await findGroup(api, {reference}, signal)
    const grants = await collect(api.grants({groupId: group.id}, signal))
    return {kind: 'group', group, grants}
  }
  const request = {
    group: reference,
    resourceType: 'table',
    resources: tables,
    requirement: undefined,
    isUnlistedAllowed: false,
    onNote,
  }
  return {kind: 'granted', ...(await createGrants(admin, request, signal))}
}
