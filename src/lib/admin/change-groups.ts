import {AgnesError, ConflictError, MissingError, ServerError} from '../errors.js'
import type {Group, Member, User} from '../wire/admin.js'
import type {AdminApi} from './admin-api.js'
import {changeEach, isFinal, oneChange, type Change, type ChangeResult} from './changes.js'
import {findGroup, findUser} from './find.js'
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
  const size = `${amount(memberCount, 'member')} and ${amount(grantCount, 'grant')}`
  await admin.confirm(`Delete group ${name} (${id}) with its ${size}`, signal)
  await deleteWhole(api, group, signal)
  return oneChange({action: 'deleted', kind: 'group', id, name, group: null, isNew: true})
}

function amount(count: number | null, thing: string): string {
  return `${count ?? '?'} ${thing}${count === 1 ? '' : 's'}`
}

/** Servers of 0.48.0 fail on a group that still has members or grants (HTTP 500): then these go first. */
async function deleteWhole(api: AdminApi, group: Group, signal: AbortSignal): Promise<void> {
  try {
    return await api.deleteGroup(group.id, signal)
  } catch (error) {
    if (!(error instanceof ServerError) || group.isSystem) throw error
  }
  const members = await collect(api.members(group.id, signal))
  const grants = await collect(api.grants({groupId: group.id}, signal))
  const stuck = members.filter(({source}) => source !== null && source !== 'admin')
  if (stuck.length > 0) throw notEmptied(group, stuck)
  try {
    for (const {id} of grants) await api.deleteGrant(id, signal)
    for (const {userId} of members) await api.removeMember(group.id, userId, signal)
    await api.deleteGroup(group.id, signal)
  } catch (error) {
    if (!(error instanceof AgnesError) || isFinal(error)) throw error
    throw new ConflictError(
      `The group ${group.name} is still there, perhaps without some of its members and grants: ${error.message}`,
      {
        code: 'group_not_empty',
        hint: `See what is left: agnes admin group members ${group.id}`,
        cause: error,
      },
    )
  }
}

/** Nothing was taken away: only its directory, or the server, can take these members out. */
function notEmptied({id, name}: Group, stuck: readonly Member[]): ConflictError {
  const who = stuck.map(({email, source}) => `${email} (${source})`).join(', ')
  return new ConflictError(
    `The server deletes empty groups only, and ${name} has members that no administrator put there: ${who}.`,
    {
      code: 'group_not_empty',
      hint: `Take them out where they come from, then delete the group. See them: agnes admin group members ${id}`,
      details: {members: stuck.map(({email, source}) => ({email, source}))},
    },
  )
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
  const add = async (wanted: string) => {
    const direct = ADDRESS.test(wanted)
      ? await joinByAddress(api, {group, email: wanted}, signal)
      : undefined
    if (direct) return direct
    const user = await findUser(api, {reference: wanted}, signal)
    const {isNew} = await join(api, {group, email: user.email}, signal)
    return memberChange('added', {group, user, isNew})
  }
  return changeEach(references, add, signal)
}

/** A whole address needs no list of all users. */
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** `undefined` when the server knows nobody of this spelling. */
async function joinByAddress(
  api: AdminApi,
  {group, email}: {group: Group; email: string},
  signal: AbortSignal,
): Promise<Change | undefined> {
  try {
    const {isNew, ...user} = await join(api, {group, email}, signal)
    return memberChange('added', {group, user, isNew})
  } catch (error) {
    if (error instanceof MissingError) return undefined
    throw error
  }
}

/** Not new is who is in already, whatever words the server has for it. `email` as the server has it. */
async function join(
  api: AdminApi,
  {group, email}: {group: Group; email: string},
  signal: AbortSignal,
): Promise<{id: string; email: string; isNew: boolean}> {
  try {
    const added = await api.addMember(group.id, email, signal)
    return {id: added.userId, email: added.email, isNew: true}
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const members = await collect(api.members(group.id, signal))
    const folded = email.toLowerCase()
    const there =
      members.find((member) => member.email === email) ??
      members.find((member) => member.email.toLowerCase() === folded)
    if (there) return {id: there.userId, email: there.email, isNew: false}
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
