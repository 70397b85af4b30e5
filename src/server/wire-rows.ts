import type {GrantRow, GroupRow, MemberRow, UserRow} from './state/rows.js'
import type {SystemState} from './state/system-state.js'
import {spaced} from './times.js'

/** Rows as more than one route prints them. */

export function originOf(group: GroupRow): string {
  return group.isSystem ? 'system' : 'custom'
}

export function toGroupReference(group: GroupRow): Record<string, unknown> {
  return {id: group.id, name: group.name, is_system: group.isSystem, origin: originOf(group)}
}

export function toGroup(group: GroupRow, state: SystemState): Record<string, unknown> {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    is_system: group.isSystem,
    origin: originOf(group),
    created_at: spaced(group.createdAt),
    created_by: group.createdBy,
    member_count: state.memberIdsOf(group.id).size,
    grant_count: state.grantCountOf(group.id),
    is_google_managed: false,
    mapped_email: null,
  }
}

export function toMember(
  member: MemberRow,
  user: UserRow,
  addedAt: string | null,
): Record<string, unknown> {
  return {
    user_id: user.id,
    email: user.email,
    name: user.name,
    active: user.active,
    source: member.source,
    added_at: addedAt,
    added_by: member.addedBy,
  }
}

export function toGrant(grant: GrantRow, group: GroupRow | undefined): Record<string, unknown> {
  return {
    id: grant.id,
    group_id: grant.groupId,
    group_name: group?.name ?? null,
    resource_type: grant.resourceType,
    resource_id: grant.resourceId,
    assigned_at: spaced(grant.assignedAt),
    assigned_by: grant.assignedBy,
  }
}
