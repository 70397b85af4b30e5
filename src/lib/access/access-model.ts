/**
 * Access as code: who may use what, as one file. Vocabulary: *desired* is what the file says, *current*
 * is what the server says, a *plan* is the ordered list of *actions* that makes current desired, *kept*
 * is what a removal would reach but must not. What the file does not mention is left alone. Planning is
 * pure; only `apply-access.ts` changes a server. No password and no token ever passes through here.
 */

export const sections = ['users', 'groups', 'tables', 'grants', 'metrics'] as const

export type ThingKind = 'user' | 'group' | 'member' | 'table' | 'grant' | 'metric'

/** Values as in JSON, by the names of the file. `null` clears. */
export type FieldValues = Readonly<Record<string, unknown>>

export interface DesiredUser {
  email: string
  /** `undefined`: left as it is. */
  name: string | undefined
  isActive: boolean
  line: number
}

export interface DesiredGroup {
  name: string
  /** `undefined`: left as it is; `null`: none. */
  description: string | null | undefined
  /** `null`: left alone. */
  members: {email: string; line: number}[] | null
  line: number
}

export interface DesiredTable {
  id: string
  /** Absent fields are left as they are. May hold `name`. */
  fields: FieldValues
  line: number
}

export interface DesiredGrant {
  group: string
  resourceType: string
  resourceId: string
  /** `undefined`: left as it is. */
  requirement: string | undefined
  line: number
}

export interface DesiredMetric {
  /** `category/name`. */
  id: string
  fields: FieldValues
  line: number
}

/** A section that is `null` is not in the file: it is left alone. An empty one means "none". */
export interface DesiredAccess {
  users: DesiredUser[] | null
  groups: DesiredGroup[] | null
  tables: DesiredTable[] | null
  grants: DesiredGrant[] | null
  metrics: DesiredMetric[] | null
}

export interface CurrentUser {
  id: string
  email: string
  name: string | null
  isActive: boolean
  isAdmin: boolean
}

export interface CurrentGroup {
  id: string
  name: string
  description: string | null
  isSystem: boolean
  /** Its members are decided by a directory outside; the server refuses changes. */
  isManagedElsewhere: boolean
}

export interface CurrentMember {
  userId: string
  email: string
  /** `admin` for those that can be removed. */
  source: string | null
}

export interface CurrentTable {
  id: string
  fields: FieldValues
  /** The server's own: never registered or unregistered by hand. */
  isInternal: boolean
}

export interface CurrentGrant {
  id: string
  groupId: string
  resourceType: string
  resourceId: string
  requirement: string | null
  /** Made by the server for itself; it refuses to take it back. */
  isSystem: boolean
}

export interface CurrentMetric {
  id: string
  fields: FieldValues
  /** What a change must send along so that it is not lost. */
  other: FieldValues
}

/** What was read of a server: `null` where the plan did not need it. */
export interface CurrentAccess {
  /** E-mail of the administrator who asks; `null` when the token does not say. */
  me: string | null
  users: CurrentUser[]
  groups: CurrentGroup[]
  /** By group id; groups whose members were not needed are absent. */
  members: ReadonlyMap<string, CurrentMember[]>
  tables: CurrentTable[] | null
  grants: CurrentGrant[] | null
  metrics: CurrentMetric[] | null
  /** Keys of resource types the server knows; `null` when not asked. */
  resourceTypes: string[] | null
}

export interface FieldChange {
  field: string
  /** `null` for none. */
  from: unknown
  to: unknown
}

export interface AccessAction {
  verb: 'create' | 'change' | 'remove'
  kind: ThingKind
  /** Unique in a plan, and the same in the next. */
  key: string
  /** E-mail, group name, table id, metric id; of a member the e-mail, of a grant the resource id. */
  name: string
  /** Name of the group of a member or grant; else `null`. */
  group: string | null
  /** Of a grant; else `null`. */
  resourceType: string | null
  /** What is set or changed. */
  fields: FieldChange[]
  /** Why, where the file itself does not say so; else `null`. */
  because: string | null
}

/** Something the file does not list that stays all the same. */
export interface KeptThing {
  kind: ThingKind
  name: string
  group: string | null
  resourceType: string | null
  reason: string
}

export interface AccessPlan {
  /** In the order they are carried out. */
  actions: AccessAction[]
  kept: KeptThing[]
  /** For the reader, one sentence each. */
  notices: string[]
}

export interface PlanCounts {
  create: number
  change: number
  remove: number
  kept: number
}

export function countPlan({actions, kept}: AccessPlan): PlanCounts {
  const count = (verb: AccessAction['verb']) => actions.filter((one) => one.verb === verb).length
  return {
    create: count('create'),
    change: count('change'),
    remove: count('remove'),
    kept: kept.length,
  }
}

export const thingKeys = {
  user: (email: string) => keyOf('user', email),
  group: (name: string) => keyOf('group', name),
  member: (group: string, email: string) => keyOf('member', group, email),
  table: (id: string) => keyOf('table', id),
  grant: (group: string, type: string, id: string) => keyOf('grant', group, type, id),
  metric: (id: string) => keyOf('metric', id),
}

function keyOf(...parts: string[]): string {
  return JSON.stringify(parts)
}

/** The accounts of the server itself are no people. */
export function isMachine(email: string): boolean {
  return email.endsWith('@system.local')
}
