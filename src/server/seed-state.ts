import type {Clock} from '../lib/ports/clock.js'
import type {Random} from '../lib/ports/random.js'
import {uuid, type IssuedToken, type TokenIssuer} from './auth/token-issuer.js'
import type {GroupRow, StateChange, UserRow} from './state/rows.js'
import type {SystemState} from './state/system-state.js'
import {naiveIso} from './times.js'

export const ADMIN_EMAIL = 'admin@localhost'
const SEEDER = 'system:seed'

export interface SeedDeps {
  state: SystemState
  issuer: TokenIssuer
  clock: Clock
  random: Random
}

/** First start: the two system groups, the administrator, and the one token to begin with. */
export async function seedState(deps: SeedDeps): Promise<IssuedToken | undefined> {
  const {state, issuer, clock, random} = deps
  if (state.count('users') > 0) return undefined
  const createdAt = naiveIso(clock.now())
  const systemGroup = (name: string, description: string): GroupRow => ({
    id: uuid(random),
    name,
    description,
    isSystem: true,
    createdAt,
    createdBy: SEEDER,
  })
  const admins = systemGroup('Admin', 'System: full access to all data and admin actions')
  const everyone = systemGroup('Everyone', 'System: a group for all; nobody is in it unless added')
  const admin = newUser(deps, {email: ADMIN_EMAIL, name: 'Admin'})
  const issued = issuer.personal(admin, {name: 'first start', scope: 'general', seconds: null})
  const changes: StateChange[] = [
    {put: 'groups', row: admins},
    {put: 'groups', row: everyone},
    {put: 'users', row: admin},
    {
      put: 'members',
      row: {
        groupId: admins.id,
        userId: admin.id,
        source: 'system_seed',
        addedAt: createdAt,
        addedBy: SEEDER,
      },
    },
    {put: 'tokens', row: issued.row},
  ]
  await state.update(() => ({changes, result: undefined}))
  return issued
}

/** An account without a password, not stored yet. */
export function newUser(
  deps: Pick<SeedDeps, 'clock' | 'random'>,
  {email, name}: {email: string; name: string},
): UserRow {
  return {
    id: uuid(deps.random),
    email,
    name,
    active: true,
    passwordHash: null,
    createdAt: naiveIso(deps.clock.now()),
    deactivatedAt: null,
  }
}
