import type {
  AuditEntry,
  Grant,
  Group,
  Member,
  RegisteredTable,
  ResourceType,
  User,
} from '../wire/admin.js'
import type {Metric} from '../wire/metrics.js'
import type {ListShape} from './admin-list-text.js'

/** What each list of `agnes admin` shows, ids first. */

export const groupList: ListShape<Group> = {
  columns: [
    {title: 'Id', cell: ({id}) => id, isId: true},
    {title: 'Group', cell: ({name}) => name},
    {title: 'Members', cell: ({memberCount}) => memberCount, isNumber: true},
    {title: 'Grants', cell: ({grantCount}) => grantCount, isNumber: true},
    {title: 'Kind', cell: ({origin, isSystem}) => origin ?? (isSystem ? 'system' : 'custom')},
    {title: 'Description', cell: ({description}) => description},
  ],
  empty: 'There are no groups. Make one: agnes admin group create NAME',
}

export const memberList: ListShape<Member> = {
  columns: [
    {title: 'User id', cell: ({userId}) => userId, isId: true},
    {title: 'E-mail', cell: ({email}) => email},
    {title: 'Name', cell: ({name}) => name},
    {title: 'Active', cell: ({isActive}) => isActive},
    {title: 'Put in by', cell: ({source, addedBy}) => addedBy ?? source},
    {title: 'Since', cell: ({addedAt}) => addedAt},
  ],
  empty: 'Nobody is in this group. Add somebody: agnes admin group add-member GROUP EMAIL',
}

export const grantList: ListShape<Grant> = {
  columns: [
    {title: 'Id', cell: ({id}) => id, isId: true},
    {title: 'Group', cell: ({groupName, groupId}) => groupName ?? groupId},
    {title: 'Type', cell: ({resourceType}) => resourceType},
    {title: 'Resource', cell: ({resourceId}) => resourceId},
    {title: 'Requirement', cell: ({requirement}) => requirement},
    {title: 'Granted by', cell: ({assignedBy}) => assignedBy},
    {title: 'At', cell: ({assignedAt}) => assignedAt},
  ],
  empty: 'Nothing is granted. Grant a table: agnes admin grant GROUP TABLE',
}

export const userList: ListShape<User> = {
  columns: [
    {title: 'Id', cell: ({id}) => id, isId: true},
    {title: 'E-mail', cell: ({email}) => email},
    {title: 'Name', cell: ({name}) => name},
    {title: 'Role', cell: ({isAdmin}) => (isAdmin ? 'admin' : 'user')},
    {title: 'Active', cell: ({isActive}) => isActive},
    {title: 'Groups', cell: ({groups}) => groups.map(({name}) => name).join(', ')},
  ],
  empty: 'There are no users. Make one: agnes admin user create EMAIL',
}

export const tableList: ListShape<RegisteredTable> = {
  columns: [
    {title: 'Id', cell: ({id}) => id},
    {title: 'Table', cell: ({name}) => name},
    {title: 'Source', cell: ({sourceType}) => sourceType},
    {title: 'Mode', cell: ({queryMode}) => queryMode},
    {title: 'Bucket', cell: ({settings}) => textOf(settings.bucket)},
    {title: 'Sync error', cell: ({lastSyncError}) => lastSyncError},
    {title: 'Description', cell: ({description}) => description},
  ],
  empty:
    'No tables are registered. Register one: agnes admin table register NAME --source-type TYPE',
}

export const metricList: ListShape<Metric> = {
  columns: [
    {title: 'Id', cell: ({id}) => id},
    {title: 'Name', cell: ({displayName, name}) => displayName ?? name},
    {title: 'Table', cell: ({tableName}) => tableName},
    {title: 'Unit', cell: ({unit}) => unit},
    {title: 'Source', cell: ({source, sourceRef}) => sourceRef ?? source},
    {title: 'Updated', cell: ({updatedAt}) => updatedAt},
  ],
  empty: 'The server has no metrics. Bring some: agnes admin metrics import DIR',
}

export const resourceTypeList: ListShape<ResourceType> = {
  columns: [
    {title: 'Type', cell: ({key}) => key},
    {title: 'Called', cell: ({displayName}) => displayName},
    {title: 'Resource id', cell: ({idFormat}) => idFormat},
    {title: 'Is', cell: ({description}) => description},
  ],
  empty: 'The server names no types.',
}

export const auditList: ListShape<AuditEntry> = {
  columns: [
    {title: 'Request', cell: ({requestId}) => requestId},
    {title: 'At', cell: ({at}) => at},
    {title: 'User', cell: ({user}) => user ?? 'nobody'},
    {title: 'Result', cell: ({result}) => result},
    {title: 'What', cell: ({other}) => textOf(other.detail ?? other.resource)},
    {title: 'Action', cell: ({action}) => action},
  ],
  empty: 'There is nothing in the audit trail for that.',
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
