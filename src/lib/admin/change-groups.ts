import {ConflictError, ServerError} from '../errors.js'
import type {Group, User} from '../wire/admin.js'
import type {AdminApi} from './admin-api.js'
import {changeEach, oneChange, type Change, type ChangeResult} from './changes.js'
import {findGroup, namedUser, userKind} from './find.js'
import type {Admin} from './open-admin.js'
import {collect} from './pages.js'
import {resolveOne} from './resolve.js'

export async function createGroup(
  {api}: Admin,
  group: {name: string; description: string | undefined},
  signal: AbortSignal,
): Promise<ChangeResult> {
  const {id, name} = await api.createGroup(group, signal)
  return oneChange({action: 'created', kind: 'group', id, name, group: null, isNew: true})
}

/** With its memberships and grants; asks first and says how many. */
export async function deleteGroup(
  admin: Admin,
  reference: string,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const {api} = admin
  const group = await findGroup(api, {reference, isDestructive: true}, signal)
  const {id, name, memberCount, grantCount} = group
  const size = `${memberCount ?? '?'} members and ${grantCount ?? '?'} grants`
  await admin.confirm(`Delete group ${name} (${id}) with its ${size}`, signal)
  await deleteWhole(api, group, signal)
  return oneChange({action: 'deleted', kind: 'group', id, name, group: null, isNew: true})
}

/** Servers of 0.48.0 fail on a group that still has members or grants (HTTP 500): then these go first. */
async function deleteWhole(api: AdminApi, group: Group, signal: AbortSignal): Promise<void> {
  try {
    return await api.deleteGroup(group.id, signal)
  } catch (error) {
    if (!(error instanceof ServerError) || group.isSystem) throw error
  }
  for (const {id} of await collect(api.grants({groupId: group.id}, signal)))
    await api.deleteGrant(id, signal)
  for (const {userId} of await collect(api.members(group.id, signal)))
    await api.removeMember(group.id, userId, signal)
  await api.deleteGroup(group.id, signal)
}

export interface MemberRequest {
  group: string
  /** E-mail addresses, ids, or beginnings of either. */
  users: readonly string[]
}

/** Who is in already counts as done. */
export async function addMembers(
  {api}: Admin,
  {group: reference, users: references}: MemberRequest,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const group = await findGroup(api, {reference}, signal)
  const users = (await collect(api.users(signal))).map(namedUser)
  const add = async (wanted: string) => {
    const user = resolveOne(wanted, users, userKind)
    const isNew = await join(api, {group, user}, signal)
    return memberChange('added', {group, user, isNew})
  }
  return changeEach(references, add, signal)
}

/** False for somebody who is in already, whatever words the server has for it. */
async function join(
  api: AdminApi,
  {group, user}: {group: Group; user: User},
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await api.addMember(group.id, user.email, signal)
    return true
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const members = await collect(api.members(group.id, signal))
    if (members.some(({userId}) => userId === user.id)) return false
    throw error
  }
}

export async function removeMembers(
  admin: Admin,
  {group: reference, users: references}: MemberRequest,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const {api} = admin
  const group = await findGroup(api, {reference, isDestructive: true}, signal)
  const members = await collect(api.members(group.id, signal))
  const named = members.map((member) => ({
    thing: member,
    id: member.userId,
    names: [member.email],
  }))
  const kind = {word: 'member', listCommand: `agnes admin group members ${group.name}`}
  const find = (wanted: string) => resolveOne(wanted, named, kind, {isDestructive: true})
  const listed = references.map((wanted) => find(wanted).email)
  await admin.confirm(`Remove ${listed.join(', ')} from group ${group.name}`, signal)
  const remove = async (wanted: string) => {
    const member = find(wanted)
    await api.removeMember(group.id, member.userId, signal)
    return memberChange('removed', {group, user: {...member, id: member.userId}, isNew: true})
  }
  return changeEach(references, remove, signal)
}

function memberChange(
  action: string,
  {group, user, isNew}: {group: Group; user: Pick<User, 'id' | 'email'>; isNew: boolean},
): Change {
  return {action, kind: 'member', id: user.id, name: user.email, group: group.name, isNew}
}
