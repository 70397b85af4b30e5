/**
 * What the server remembers, row by row. Times are ISO 8601 in UTC with microseconds and no offset
 * (`2026-01-31T12:00:00.000000`), as the contract prints them.
 */
export interface UserRow {
  id: string
  email: string
  name: string
  active: boolean
  /** `scrypt$N$r$p$salt$hash`; null for an account that only has tokens. */
  passwordHash: string | null
  createdAt: string
  deactivatedAt: string | null
}

export interface TokenRow {
  /** The token's `jti`. */
  id: string
  userId: string
  name: string
  /** SHA-256 of the token, hex. The token itself is never stored. */
  tokenHash: string
  scope: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
  lastUsedIp: string | null
  revokedAt: string | null
}

export interface GroupRow {
  id: string
  name: string
  description: string | null
  isSystem: boolean
  createdAt: string
  createdBy: string
}

export interface MemberRow {
  groupId: string
  userId: string
  /** `admin` for memberships the API may remove; `system_seed` for the ones the server made. */
  source: string
  addedAt: string
  addedBy: string
}

export interface GrantRow {
  id: string
  groupId: string
  resourceType: string
  resourceId: string
  assignedAt: string
  assignedBy: string
  /** Made by the server for every group: stays until the server takes it back. */
  isSystem?: boolean
}

/** `document` holds the registry fields of the contract, by their wire names. */
export interface RegistryRow {
  id: string
  name: string
  /** Unregistered by an admin: its data, if any is found, is not published. */
  isHidden: boolean
  document: Record<string, unknown>
}

/** `document` is the metric as the contract words it. */
export interface MetricRow {
  id: string
  document: Record<string, unknown>
}

/** `document` is the knowledge item as the contract words it. */
export interface NoteRow {
  id: string
  document: Record<string, unknown>
}

export interface PreferenceRow {
  userId: string
  dataset: string
  enabled: boolean
  updatedAt: string
}

export interface AuditRow {
  at: string
  requestId: string
  userId: string | null
  email: string | null
  ip: string
  method: string
  path: string
  status: number
  /** What was changed, in words, with names; `null` where the path says it all. */
  detail: string | null
}

/** Where a page of the audit trail ends. */
export interface AuditPlace {
  at: string
  /** Tells entries of one moment apart. */
  id: string
}

/** Table name to row type; the names are those in system.duckdb. */
export interface StateTables {
  users: UserRow
  tokens: TokenRow
  groups: GroupRow
  members: MemberRow
  grants: GrantRow
  registry: RegistryRow
  metrics: MetricRow
  notes: NoteRow
  preferences: PreferenceRow
}
export type StateTable = keyof StateTables

/** How a field is kept: `JSON` is text that is parsed on load. */
export type FieldType = 'VARCHAR' | 'BOOLEAN' | 'JSON'

export interface TableShape<Row> {
  key: readonly (keyof Row & string)[]
  fields: {readonly [Field in keyof Row & string]: FieldType}
}

export const stateShapes: {readonly [Name in StateTable]: TableShape<StateTables[Name]>} = {
  users: {
    key: ['id'],
    fields: {
      id: 'VARCHAR',
      email: 'VARCHAR',
      name: 'VARCHAR',
      active: 'BOOLEAN',
      passwordHash: 'VARCHAR',
      createdAt: 'VARCHAR',
      deactivatedAt: 'VARCHAR',
    },
  },
  tokens: {
    key: ['id'],
    fields: {
      id: 'VARCHAR',
      userId: 'VARCHAR',
      name: 'VARCHAR',
      tokenHash: 'VARCHAR',
      scope: 'VARCHAR',
      createdAt: 'VARCHAR',
      expiresAt: 'VARCHAR',
      lastUsedAt: 'VARCHAR',
      lastUsedIp: 'VARCHAR',
      revokedAt: 'VARCHAR',
    },
  },
  groups: {
    key: ['id'],
    fields: {
      id: 'VARCHAR',
      name: 'VARCHAR',
      description: 'VARCHAR',
      isSystem: 'BOOLEAN',
      createdAt: 'VARCHAR',
      createdBy: 'VARCHAR',
    },
  },
  members: {
    key: ['groupId', 'userId'],
    fields: {
      groupId: 'VARCHAR',
      userId: 'VARCHAR',
      source: 'VARCHAR',
      addedAt: 'VARCHAR',
      addedBy: 'VARCHAR',
    },
  },
  grants: {
    key: ['id'],
    fields: {
      id: 'VARCHAR',
      groupId: 'VARCHAR',
      resourceType: 'VARCHAR',
      resourceId: 'VARCHAR',
      assignedAt: 'VARCHAR',
      assignedBy: 'VARCHAR',
      isSystem: 'BOOLEAN',
    },
  },
  registry: {
    key: ['id'],
    fields: {id: 'VARCHAR', name: 'VARCHAR', isHidden: 'BOOLEAN', document: 'JSON'},
  },
  metrics: {key: ['id'], fields: {id: 'VARCHAR', document: 'JSON'}},
  notes: {key: ['id'], fields: {id: 'VARCHAR', document: 'JSON'}},
  preferences: {
    key: ['userId', 'dataset'],
    fields: {userId: 'VARCHAR', dataset: 'VARCHAR', enabled: 'BOOLEAN', updatedAt: 'VARCHAR'},
  },
}

/** One write. Several in one commit happen together or not at all. */
export type StateChange = {
  [Name in StateTable]: {put: Name; row: StateTables[Name]} | {drop: Name; key: readonly string[]}
}[StateTable]

/** A row's place in memory: its key fields in order. */
export function rowKey(table: StateTable, row: object): readonly string[] {
  const fields = row as Record<string, string>
  return stateShapes[table].key.map((field) => fields[field] ?? '')
}
