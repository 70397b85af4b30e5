import {copyFile, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {TokenIssuer} from '../../src/server/auth/token-issuer.js'
import {seedState} from '../../src/server/seed-state.js'
import type {StateChange, UserRow} from '../../src/server/state/rows.js'
import {SystemState} from '../../src/server/state/system-state.js'
import {SystemStore} from '../../src/server/state/system-store.js'
import {onceForAll} from './once-for-all.js'

export const AT = '2026-01-31T12:00:00.000000'
export const ANALYST: UserRow = {
  id: 'analyst-0000',
  email: 'analyst@example.com',
  name: 'Analyst',
  active: true,
  passwordHash: null,
  createdAt: AT,
  deactivatedAt: null,
}

/** The analyst, and the group `analysts` with nobody else in it. */
export function analystChanges(): StateChange[] {
  const group = {id: 'analysts', name: 'analysts', description: null, isSystem: false}
  const member = {groupId: group.id, userId: ANALYST.id, source: 'admin'}
  return [
    {put: 'users', row: ANALYST},
    {put: 'groups', row: {...group, createdAt: AT, createdBy: 'test'}},
    {put: 'members', row: {...member, addedAt: AT, addedBy: 'test'}},
  ]
}

/**
 * The state of a server after its first start, with the analyst and without any token or key: to make it
 * takes longer than most tests of a server.
 */
export async function writeFirstState(dir: string): Promise<void> {
  const made = await onceForAll('first-state', make)
  await mkdir(join(dir, 'state'), {recursive: true})
  await copyFile(join(made, 'system.duckdb'), join(dir, 'state/system.duckdb'))
}

async function make(folder: string): Promise<void> {
  const store = await SystemStore.open(new DuckDbWarehouse(), join(folder, 'system.duckdb'))
  const state = await SystemState.load(store)
  const ports = {clock: systemClock, random: systemRandom}
  const issuer = new TokenIssuer(Buffer.alloc(32), systemClock, systemRandom)
  await seedState({state, issuer, ...ports})
  await state.update(() => ({
    changes: [
      ...[...state.all('tokens')].map(({id}): StateChange => ({drop: 'tokens', key: [id]})),
      ...analystChanges(),
    ],
    result: undefined,
  }))
  await store.close()
}
