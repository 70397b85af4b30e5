import {UnreachableError} from '../errors.js'
import {countField, isFields, textField, textsField, timeField, type Fields} from './read-fields.js'

/**
 * Rows of the administration endpoints, of either server generation. Texts are as sent; times are
 * ISO 8601 in UTC, in milliseconds. What a server does not say is `null`, never a default.
 */
export interface Group {
  id: string
  name: string
  description: string | null
  /** `Admin` or `Everyone`: cannot be renamed or deleted. */
  isSystem: boolean
  /** `system`, `custom`, `google_sync`, or something newer. */
  origin: string | null
  memberCount: number | null
  grantCount: number | null
  createdAt: string | null
  createdBy: string | null
}

export interface GroupReference {
  id: string
  name: string
  isSystem: boolean
}

export interface User {
  id: string
  email: string
  name: string | null
  isAdmin: boolean
  isActive: boolean
  groups: GroupReference[]
  createdAt: string | null
  deactivatedAt: string | null
}

export interface Member {
  userId: string
  email: string
  name: string | null
  isActive: boolean
  /** `admin` for memberships that can be removed; `system_seed`, `google_sync`, `cli_break_glass`. */
  source: string | null
  addedAt: string | null
  addedBy: string | null
}

export interface Grant {
  id: string
  groupId: string
  groupName: string | null
  resourceType: string
  resourceId: string
  /** `available` or `required`; `null` where the server knows no such thing (0.48.0). */
  requirement: string | null
  assignedAt: string | null
  assignedBy: string | null
}

export interface ResourceType {
  key: string
  displayName: string | null
  description: string | null
  idFormat: string | null
}

export interface RegisteredTable {
  /** Names the table in grants. */
  id: string
  /** Names the table in SQL. */
  name: string
  sourceType: string | null
  /** `local`, `remote`, `materialized`, `internal`, or something newer. */
  queryMode: string | null
  description: string | null
  registeredBy: string | null
  registeredAt: string | null
  lastSyncError: string | null
  /** Every other field the server gave a value, by its name on the wire. */
  settings: Record<string, unknown>
}

export interface AuditEntry {
  at: string | null
  /** E-mail; the id where that is all there is; `null` for somebody who was not signed in. */
  user: string | null
  /** `POST /api/admin/groups`, or the server's own word for it. */
  action: string
  /** An HTTP status, or the server's own word. */
  result: string | null
  ip: string | null
  requestId: string | null
  /** What this version of agnes has no field for, as sent. */
  other: Record<string, unknown>
}

/** Reads one row; `undefined` for what is none. */
type Read<Row> = (fields: Fields) => Row | undefined

/** `UnreachableError` (code `unreadable_answer`) for anything that is not a list of such rows. */
export function readRows<Row>(body: unknown, read: Read<Row>): Row[] {
  if (!Array.isArray(body)) throw unreadable()
  return body.map((item) => readRow(item, read))
}

/** `UnreachableError` (code `unreadable_answer`) for anything that is not such a row. */
export function readRow<Row>(body: unknown, read: Read<Row>): Row {
  const row = isFields(body) ? read(body) : undefined
  if (row === undefined) throw unreadable()
  return row
}

export function readGroup(fields: Fields): Group | undefined {
  const [id, name] = [textField(fields.id), textField(fields.name)]
  if (id === null || name === null) return undefined
  return {
    id,
    name,
    description: textField(fields.description),
    isSystem: fields.is_system === true,
    origin: textField(fields.origin),
    memberCount: countField(fields.member_count),
    grantCount: countField(fields.grant_count),
    createdAt: timeField(fields.created_at),
    createdBy: textField(fields.created_by),
  }
}

export function readUser(fields: Fields): User | undefined {
  const [id, email] = [textField(fields.id), textField(fields.email)]
  if (id === null || email === null) return undefined
  return {
    id,
    email,
    name: textField(fields.name),
    isAdmin: fields.is_admin === true || fields.role === 'admin',
    isActive: fields.active !== false,
    groups: groupReferences(fields.groups),
    createdAt: timeField(fields.created_at),
    deactivatedAt: timeField(fields.deactivated_at),
  }
}

function groupReferences(value: unknown): GroupReference[] {
  if (!Array.isArray(value)) return []
  return value.filter(isFields).flatMap((fields) => {
    const [id, name] = [textField(fields.id), textField(fields.name)]
    return id === null || name === null ? [] : [{id, name, isSystem: fields.is_system === true}]
  })
}

export function readMember(fields: Fields): Member | undefined {
  const [userId, email] = [textField(fields.user_id), textField(fields.email)]
  if (userId === null || email === null) return undefined
  return {
    userId,
    email,
    name: textField(fields.name),
    isActive: fields.active !== false,
    source: textField(fields.source),
    addedAt: timeField(fields.added_at),
    addedBy: textField(fields.added_by),
  }
}

export function readGrant(fields: Fields): Grant | undefined {
  const [id, groupId] = [textField(fields.id), textField(fields.group_id)]
  const [type, resource] = [textField(fields.resource_type), textField(fields.resource_id)]
  if (id === null || groupId === null || type === null || resource === null) return undefined
  return {
    id,
    groupId,
    groupName: textField(fields.group_name),
    resourceType: type,
    resourceId: resource,
    requirement: textField(fields.requirement),
    assignedAt: timeField(fields.assigned_at),
    assignedBy: textField(fields.assigned_by),
  }
}

export function readResourceType(fields: Fields): ResourceType | undefined {
  const key = textField(fields.key)
  if (key === null) return undefined
  return {
    key,
    displayName: textField(fields.display_name),
    description: textField(fields.description),
    idFormat: textField(fields.id_format),
  }
}

const TABLE_FIELDS = new Set(
  'id name source_type query_mode description registered_by registered_at last_sync_error'.split(
    ' ',
  ),
)

export function readRegisteredTable(fields: Fields): RegisteredTable | undefined {
  const id = textField(fields.id) ?? textField(fields.name)
  if (id === null) return undefined
  return {
    id,
    name: textField(fields.name) ?? id,
    sourceType: textField(fields.source_type),
    queryMode: textField(fields.query_mode),
    description: textField(fields.description),
    registeredBy: textField(fields.registered_by),
    registeredAt: timeField(fields.registered_at),
    lastSyncError: textField(fields.last_sync_error),
    settings: otherFields(fields, TABLE_FIELDS),
  }
}

/** `{tables: […]}`, or the bare list some versions send. */
export function readRegistry(body: unknown): RegisteredTable[] {
  return readRows(isFields(body) ? body.tables : body, readRegisteredTable)
}

const AUDIT_FIELDS = new Set(
  (
    'at timestamp created_at ts email user_email user_id method path action status result ip ' +
    'client_ip request_id'
  ).split(' '),
)

/** Server generations name these fields differently; one that has no action at all is no entry. */
export function readAuditEntry(fields: Fields): AuditEntry | undefined {
  const request = [textField(fields.method), textField(fields.path)].filter((part) => part !== null)
  const action = textField(fields.action) ?? (request.length > 0 ? request.join(' ') : null)
  if (action === null) return undefined
  const result = fields.status ?? fields.result
  const at = [fields.at, fields.timestamp, fields.created_at, fields.ts].map(timeField)
  return {
    at: at.find((time) => time !== null) ?? null,
    user: textField(fields.email) ?? textField(fields.user_email) ?? textField(fields.user_id),
    action,
    result: typeof result === 'number' ? String(result) : textField(result),
    ip: textField(fields.ip) ?? textField(fields.client_ip),
    requestId: textField(fields.request_id),
    other: otherFields(fields, AUDIT_FIELDS),
  }
}

/** What a started sync said of itself. */
export interface SyncTrigger {
  status: string
  /** `null` for all of them. */
  tables: string[] | null
  /** Of the server's job queue, where it has one. */
  jobId: string | null
  message: string | null
}

export function readSyncTrigger(fields: Fields): SyncTrigger | undefined {
  const status = textField(fields.status)
  if (status === null) return undefined
  return {
    status,
    tables: Array.isArray(fields.tables) ? textsField(fields.tables) : null,
    jobId: textField(fields.job_id),
    message: textField(fields.message),
  }
}

function otherFields(fields: Fields, known: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => !known.has(key) && value !== null),
  )
}

function unreadable(): UnreachableError {
  return new UnreachableError("The server's answer is not readable.", {
    code: 'unreadable_answer',
    hint: 'Check the server address; a proxy may stand in front of it.',
  })
}
