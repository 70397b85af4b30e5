import type {FastifyRequest} from 'fastify'
import type {Clock} from '../lib/ports/clock.js'
import {ApiError} from './api-error.js'
import {callerOf} from './route-deps.js'
import type {GroupRow, MemberRow, StateChange, UserRow} from './state/rows.js'
import type {SystemState} from './state/system-state.js'
import {naiveIso} from './times.js'
import {toMember} from './wire-rows.js'

/** What a decision over the state comes to: see `SystemState.update`. */
interface Decision<Result> {
  changes: StateChange[]
  result: Result
}

/** Who is in which group, whichever side the question comes from. Both are called inside `state.update`. */
export function joinGroup(
  {state, clock}: {state: SystemState; clock: Clock},
  {group, user, taken}: {group: GroupRow; user: UserRow; taken: string},
  request: FastifyRequest,
): Decision<Record<string, unknown>> {
  if (state.get('members', group.id, user.id)) throw new ApiError(409, taken)
  const row: MemberRow = {
    groupId: group.id,
    userId: user.id,
    source: 'admin',
    addedAt: naiveIso(clock.now()),
    addedBy: callerOf(request).email,
  }
  request.changed = `added ${user.email} to group ${group.name}`
  return {changes: [{put: 'members', row}], result: toMember(row, user, null)}
}

export function leaveGroup(
  state: SystemState,
  {group, userId}: {group: GroupRow; userId: string},
  request: FastifyRequest,
): Decision<undefined> {
  if (state.get('members', group.id, userId)?.source !== 'admin')
    throw new ApiError(404, 'No admin-managed membership found for this user in this group')
  const user = state.get('users', userId)
  const isLast = group.isSystem && group.name === 'Admin' && state.activeAdminCount() <= 1
  if (isLast && user?.active) throw new ApiError(409, 'Cannot remove the last active admin')
  request.changed = `removed ${user?.email ?? userId} from group ${group.name}`
  return {changes: [{drop: 'members', key: [group.id, userId]}], result: undefined}
}
