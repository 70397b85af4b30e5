import type {
  GrantRow,
  GroupRow,
  StateChange,
  StateTable,
  StateTables,
  TokenRow,
  UserRow,
} from './rows.js'
import {rowKey, stateShapes} from './rows.js'
import type {SystemStore} from './system-store.js'

type Tables = {[Name in StateTable]: Map<string, StateTables[Name]>}
const NONE: ReadonlySet<string> = new Set()

/**
 * Everything the server remembers, in memory and on disk. Reads are plain lookups and never wait;
 * a write is on disk before it is visible. The maps below are indexes over the same rows.
 */
export class SystemState {
  /** Grows with every change that may alter what somebody can see. */
  accessVersion = 0
  private readonly tables = Object.fromEntries(
    Object.keys(stateShapes).map((name) => [name, new Map()]),
  ) as unknown as Tables
  private readonly usersByEmail = new Map<string, UserRow>()
  private readonly usersByFoldedEmail = new Map<string, Map<string, UserRow>>()
  private readonly groupsByName = new Map<string, GroupRow>()
  private readonly groupsOfUser = new Map<string, Set<string>>()
  private readonly usersOfGroup = new Map<string, Set<string>>()
  private readonly grantsOfGroup = new Map<string, Map<string, GrantRow>>()
  private writing: Promise<unknown> = Promise.resolve()

  /** A write that failed may have reached the disk. */
  private isDiskUnknown = false

  private constructor(private readonly store: Pick<SystemStore, 'commit'>) {}

  static async load(store: Pick<SystemStore, 'load' | 'commit'>): Promise<SystemState> {
    const state = new SystemState(store)
    for (const name of Object.keys(stateShapes) as StateTable[])
      for (const row of await store.load(name))
        state.apply({put: name, row} as unknown as StateChange)
    return state
  }

  /** One row by its key fields, in the order of `stateShapes`. */
  get<Name extends StateTable>(table: Name, ...key: string[]): StateTables[Name] | undefined {
    return this.tables[table].get(key.join('\u0000')) as StateTables[Name] | undefined
  }

  all<Name extends StateTable>(table: Name): IterableIterator<StateTables[Name]> {
    return this.tables[table].values() as IterableIterator<StateTables[Name]>
  }

  count(table: StateTable): number {
    return this.tables[table].size
  }

  /**
   * As written, else whoever's address differs in case alone. Where a server of old has several of
   * those, nobody: which of them is meant is not for us to say.
   */
  userByEmail(email: string): UserRow | undefined {
    const exact = this.usersByEmail.get(email)
    if (exact) return exact
    const [only, ...others] = this.usersByFoldedEmail.get(foldEmail(email))?.values() ?? []
    return others.length === 0 ? only : undefined
  }

  /** Whether somebody has the address, in whatever case. */
  hasEmail(email: string): boolean {
    return (this.usersByFoldedEmail.get(foldEmail(email))?.size ?? 0) > 0
  }

  groupByName(name: string): GroupRow | undefined {
    return this.groupsByName.get(name)
  }

  groupIdsOf(userId: string): ReadonlySet<string> {
    return this.groupsOfUser.get(userId) ?? NONE
  }

  memberIdsOf(groupId: string): ReadonlySet<string> {
    return this.usersOfGroup.get(groupId) ?? NONE
  }

  grantsOf(groupId: string): readonly GrantRow[] {
    return [...(this.grantsOfGroup.get(groupId)?.values() ?? [])]
  }

  grantCountOf(groupId: string): number {
    return this.grantsOfGroup.get(groupId)?.size ?? 0
  }

  isGranted(groupId: string, resourceType: string, resourceId: string): boolean {
    return this.grantsOfGroup.get(groupId)?.has(grantKey(resourceType, resourceId)) ?? false
  }

  isAdmin(userId: string): boolean {
    for (const groupId of this.groupIdsOf(userId)) {
      const group = this.get('groups', groupId)
      if (group?.isSystem && group.name === 'Admin') return true
    }
    return false
  }

  /** Admins who can sign in: the last one of them must stay. */
  activeAdminCount(): number {
    const admin = this.groupByName('Admin')
    const members = admin ? [...this.memberIdsOf(admin.id)] : []
    return members.filter((id) => this.get('users', id)?.active).length
  }

  /**
   * Decides and writes in one step: `decide` sees a state nobody else is changing, so "is the name
   * free, then take it" is safe. What it returns is on disk when the promise resolves.
   */
  update<T>(decide: () => {changes: readonly StateChange[]; result: T}): Promise<T> {
    const done = this.writing.then(async () => {
      const {changes, result} = decide()
      if (changes.length > 0) await this.commit(changes)
      for (const change of changes) this.apply(change)
      return result
    })
    this.writing = done.catch(() => undefined)
    return done
  }

  /** Whether a row of this key may be on disk. */
  has(table: StateTable, key: readonly string[]): boolean {
    return this.isDiskUnknown || this.tables[table].has(key.join('\u0000'))
  }

  private async commit(changes: readonly StateChange[]): Promise<void> {
    try {
      await this.store.commit(changes, this)
    } catch (error) {
      this.isDiskUnknown = true
      throw error
    }
  }

  /** Notes the use of a token in memory; `changes` for the disk are collected by the caller. */
  touchToken(row: TokenRow, at: string, ip: string): TokenRow {
    const touched = {...row, lastUsedAt: at, lastUsedIp: ip}
    this.tables.tokens.set(row.id, touched)
    return touched
  }

  private apply(change: StateChange): void {
    const table = 'put' in change ? change.put : change.drop
    const key = ('put' in change ? rowKey(table, change.row) : change.key).join('\u0000')
    const map = this.tables[table] as Map<string, StateTables[StateTable]>
    const before = map.get(key)
    if (before) this.unindex(table, before)
    if ('put' in change) {
      const {row} = change
      map.set(key, table === 'tokens' ? withLaterUse(row as TokenRow, before as TokenRow) : row)
      this.index(table, row)
    } else map.delete(key)
    if (!['tokens', 'metrics', 'notes', 'preferences'].includes(table)) this.accessVersion += 1
  }

  private index(table: StateTable, row: StateTables[StateTable]): void {
    if (table === 'users') {
      const user = row as UserRow
      this.usersByEmail.set(user.email, user)
      const folded = foldEmail(user.email)
      const alike = this.usersByFoldedEmail.get(folded) ?? new Map<string, UserRow>()
      this.usersByFoldedEmail.set(folded, alike)
      alike.set(user.id, user)
    }
    if (table === 'groups') this.groupsByName.set((row as GroupRow).name, row as GroupRow)
    if (table === 'members') {
      const {groupId, userId} = row as StateTables['members']
      setOf(this.groupsOfUser, userId).add(groupId)
      setOf(this.usersOfGroup, groupId).add(userId)
    }
    if (table === 'grants') {
      const grant = row as GrantRow
      const grants = this.grantsOfGroup.get(grant.groupId) ?? new Map<string, GrantRow>()
      this.grantsOfGroup.set(grant.groupId, grants)
      grants.set(grantKey(grant.resourceType, grant.resourceId), grant)
    }
  }

  private unindex(table: StateTable, row: StateTables[StateTable]): void {
    if (table === 'users') {
      const {id, email} = row as UserRow
      this.usersByEmail.delete(email)
      this.usersByFoldedEmail.get(foldEmail(email))?.delete(id)
    }
    if (table === 'groups') this.groupsByName.delete((row as GroupRow).name)
    if (table === 'members') {
      const {groupId, userId} = row as StateTables['members']
      this.groupsOfUser.get(userId)?.delete(groupId)
      this.usersOfGroup.get(groupId)?.delete(userId)
    }
    if (table === 'grants') {
      const grant = row as GrantRow
      this.grantsOfGroup.get(grant.groupId)?.delete(grantKey(grant.resourceType, grant.resourceId))
    }
  }
}

/** Mail knows no case; servers from 0.84.8 on do neither. */
function foldEmail(email: string): string {
  return email.trim().toLowerCase()
}

/** It may have been used while the row was on its way to the disk. */
function withLaterUse(row: TokenRow, before: TokenRow | undefined): TokenRow {
  const {lastUsedAt = null, lastUsedIp = null} = before ?? {}
  if (lastUsedAt === null || (row.lastUsedAt ?? '') >= lastUsedAt) return row
  return {...row, lastUsedAt, lastUsedIp}
}

function grantKey(resourceType: string, resourceId: string): string {
  return `${resourceType}\u0000${resourceId}`
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set<string>()
  map.set(key, set)
  return set
}
