import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {leaveGroup} from '../../src/server/memberships.js'
import type {UserRow} from '../../src/server/state/rows.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {noData} from '../support/folder-store.js'

type Body = Record<string, unknown>
/** Method, path, body, and what an administrator gets: requests that only a lack of rights can refuse. */
const ENDPOINTS: [method: string, path: string, body: Body | undefined, admin: number][] = [
  ['GET', '/api/users', undefined, 200],
  ['GET', '/api/users/analyst-0000', undefined, 200],
  ['PATCH', '/api/users/analyst-0000', {name: 'Renamed'}, 200],
  ['POST', '/api/users/analyst-0000/deactivate', undefined, 200],
  ['POST', '/api/users/analyst-0000/activate', undefined, 200],
  ['POST', '/api/users/analyst-0000/set-password', {password: 'correct horse'}, 204],
  ['POST', '/api/users', {email: 'new@example.com', name: 'New'}, 201],
  ['GET', '/api/admin/groups', undefined, 200],
  ['GET', '/api/admin/groups/analysts', undefined, 200],
  ['PATCH', '/api/admin/groups/analysts', {description: 'x'}, 200],
  ['POST', '/api/admin/groups', {name: 'new'}, 201],
  ['GET', '/api/admin/groups/analysts/members', undefined, 200],
  ['POST', '/api/admin/groups/analysts/members', {email: 'other@example.com'}, 201],
  ['DELETE', '/api/admin/groups/analysts/members/other-0000', undefined, 204],
  ['GET', '/api/admin/users/analyst-0000/effective-access', undefined, 200],
  ['GET', '/api/admin/users/analyst-0000/memberships', undefined, 200],
  ['POST', '/api/admin/users/other-0000/memberships', {group_id: 'analysts'}, 201],
  ['DELETE', '/api/admin/users/other-0000/memberships/analysts', undefined, 204],
  ['GET', '/api/admin/access-overview', undefined, 200],
  ['GET', '/api/admin/resource-types', undefined, 200],
  ['GET', '/api/admin/grants', undefined, 200],
  [
    'POST',
    '/api/admin/grants',
    {group_id: 'others', resource_type: 'table', resource_id: 'payroll'},
    201,
  ],
  ['DELETE', '/api/admin/grants/grant-orders', undefined, 204],
  ['GET', '/api/admin/registry', undefined, 200],
  ['POST', '/api/admin/register-table', {name: 'orders'}, 201],
  ['POST', '/api/admin/register-table/precheck', {name: 'orders'}, 200],
  ['PUT', '/api/admin/registry/orders', {description: 'x'}, 200],
  ['DELETE', '/api/admin/registry/orders', undefined, 204],
  [
    'POST',
    '/api/admin/metrics',
    {id: 'a/b', name: 'b', display_name: 'B', category: 'a', sql: 'x'},
    201,
  ],
  ['DELETE', '/api/admin/metrics/a/b', undefined, 200],
  ['POST', '/api/admin/metrics/import', undefined, 422],
  ['GET', '/api/admin/activity', undefined, 200],
  ['POST', '/api/sync/trigger', undefined, 200],
  ['DELETE', '/api/users/other-0000', undefined, 204],
  ['DELETE', '/api/admin/groups/others', undefined, 204],
]

const AT = '2026-01-31T12:00:00.000000'
let server: EmbeddedServer
let folder: string
/** Who asks, with their token, and what they are told. */
let callers: [who: string, token: string | null, status: number, detail: string][]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agnes-test-'))
  server = await startEmbeddedServer({dir: folder, openData: noData, isShared: true})
  await server.grant('orders')
  const {state, issuer} = server
  const {other, gone} = await addOthers(server)
  const analyst = state.userByEmail('analyst@example.com')!
  const admin = state.userByEmail('admin@localhost')!
  const token = (user: typeof other) =>
    issuer.personal(user, {name: 't', scope: 'general', seconds: null})
  const expired = [token(analyst), token(admin)] as const
  const revoked = [token(analyst), token(admin)] as const
  const [deactivated, others] = [token(gone), token(other)]
  await state.update(() => ({
    changes: [
      ...expired.map(({row}) => ({put: 'tokens' as const, row: {...row, expiresAt: AT}})),
      ...revoked.map(({row}) => ({put: 'tokens' as const, row: {...row, revokedAt: AT}})),
      {put: 'tokens', row: deactivated.row},
      {put: 'tokens', row: others.row},
    ],
    result: undefined,
  }))
  callers = [
    ['anonymous', null, 401, 'Missing or invalid Authorization header'],
    ['an expired token', expired[0].token, 401, 'Token expired'],
    ['an expired token of an administrator', expired[1].token, 401, 'Token expired'],
    ['a revoked token', revoked[0].token, 401, 'Token revoked'],
    ['a revoked token of an administrator', revoked[1].token, 401, 'Token revoked'],
    ['a deactivated account', deactivated.token, 401, 'Account deactivated'],
    ['an analyst', server.analystToken, 403, 'Admin access required'],
    ['a member of another group', others.token, 403, 'Admin access required'],
  ]
})
/** Somebody in a group of their own, and somebody who is shut out. */
async function addOthers({state}: EmbeddedServer) {
  const person = (id: string, email: string, active: boolean): UserRow => ({
    ...{id, email, name: id, active, passwordHash: null, createdAt: AT},
    deactivatedAt: active ? null : AT,
  })
  const other = person('other-0000', 'other@example.com', true)
  const gone = person('gone-0000', 'gone@example.com', false)
  const group = {
    ...{id: 'others', name: 'others', description: null, isSystem: false},
    ...{createdAt: AT, createdBy: 'test'},
  }
  const member = {
    ...{groupId: 'others', userId: other.id, source: 'admin'},
    addedAt: AT,
    addedBy: 'x',
  }
  await state.update(() => ({
    changes: [
      {put: 'users', row: other},
      {put: 'users', row: gone},
      {put: 'groups', row: group},
      {put: 'members', row: member},
    ],
    result: undefined,
  }))
  return {other, gone}
}

afterAll(async () => {
  await server.close()
  await rm(folder, {recursive: true})
})

/** Everything that may be changed; when a token was last used is not. */
function everything({state}: EmbeddedServer): string {
  const tables = ['users', 'groups', 'members', 'grants', 'registry', 'metrics'] as const
  return JSON.stringify(tables.map((table) => [...state.all(table)]))
}

describe('administration', () => {
  it('is in the matrix, every endpoint of it', () => {
    const pattern = (path: string) =>
      new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace('*', '.+')}$`)
    const missing = server.routes
      .filter(({access, path}) => access === 'admin' && !path.startsWith('/auth/'))
      .filter(({path}) => /^\/api\/(admin|users|sync)/.test(path))
      .filter(
        ({method, path}) =>
          !ENDPOINTS.some(([verb, asked]) => verb === method && pattern(path).test(asked)),
      )
      .map(({method, path}) => `${method} ${path}`)
    expect(missing).toEqual([])
  })

  it.each(ENDPOINTS)('%s %s is for administrators alone', async (method, path, body) => {
    const options = body === undefined ? {} : {body}
    const before = everything(server)
    for (const [who, token, status, detail] of callers) {
      const answer = await server.call(method, path, {token, ...options})
      expect([who, answer.status, answer.body]).toEqual([who, status, {detail}])
    }
    expect(everything(server)).toBe(before)
  })

  it('does all of it for an administrator, and writes down every change in words', async () => {
    const own = await startEmbeddedServer({openData: noData})
    await own.grant('orders')
    await addOthers(own)
    for (const [method, path, body, ok] of ENDPOINTS) {
      const {status} = await own.call(method, path, body === undefined ? {} : {body})
      expect([method, path, status]).toEqual([method, path, ok])
    }
    const {body: audit} = await own.call('GET', '/api/admin/activity?limit=200')
    const done = ENDPOINTS.filter(([method, path, , ok]) => changes(method, path) && ok < 300)
    const told = (audit.rows as {action: string; detail: string | null}[]).filter(
      ({detail}) => detail !== null,
    )
    expect(told.map(({action}) => action).reverse()).toEqual(
      done.map(([method, path]) => `${method} ${path}`),
    )
    expect(told.map(({detail}) => detail)).toContain('granted table payroll to group others')
    expect(told.map(({detail}) => detail)).toContain('deleted user other@example.com')
  })
})

/** A check and a start of work change nothing that is kept. */
function changes(method: string, path: string): boolean {
  return method !== 'GET' && !/precheck|sync\/trigger/.test(path)
}

describe('the last administrator', () => {
  it('stays, whichever way somebody tries', async () => {
    const {call, state, issuer} = await startEmbeddedServer({openData: noData})
    const first = state.userByEmail('admin@localhost')!
    const admins = state.groupByName('Admin')!
    const {body: ben} = await call('POST', '/api/users', {body: {email: 'ben@x.cz', name: 'Ben'}})
    const members = `/api/admin/groups/${admins.id}/members`
    await call('POST', members, {body: {email: 'ben@x.cz'}})
    const issued = issuer.personal(state.get('users', ben.id)!, {
      ...{name: 't', scope: 'general', seconds: null},
    })
    await state.update(() => ({changes: [{put: 'tokens', row: issued.row}], result: undefined}))
    const token = issued.token
    expect((await call('POST', `/api/users/${first.id}/deactivate`, {token})).status).toBe(200)
    const refusals = [
      await call('DELETE', `${members}/${ben.id}`, {token}),
      await call('DELETE', `/api/admin/users/${ben.id}/memberships/${admins.id}`, {token}),
      await call('POST', `/api/users/${ben.id}/deactivate`, {token}),
      await call('PATCH', `/api/users/${ben.id}`, {token, body: {active: false}}),
      await call('DELETE', `/api/users/${ben.id}`, {token}),
      await call('DELETE', `/api/admin/groups/${admins.id}`, {token}),
      await call('PATCH', `/api/admin/groups/${admins.id}`, {token, body: {name: 'x'}}),
    ]
    expect(refusals.map(({status}) => status)).toEqual(Array(7).fill(409))
    expect(refusals[0]!.body.detail).toBe('Cannot remove the last active admin')
    expect(state.activeAdminCount()).toBe(1)
  })

  it('stays when the last two go at once', async () => {
    const {call, state} = await startEmbeddedServer({openData: noData})
    const admins = state.groupByName('Admin')!
    const ids: string[] = []
    for (const email of ['a@x.cz', 'b@x.cz']) {
      ids.push((await call('POST', '/api/users', {body: {email, name: email}})).body.id)
      await call('POST', `/api/admin/groups/${admins.id}/members`, {body: {email}})
    }
    const {id} = state.userByEmail('admin@localhost')!
    await state.update(() => ({
      changes: [{drop: 'members', key: [admins.id, id]}],
      result: undefined,
    }))
    const leave = (userId: string) =>
      state.update(() => leaveGroup(state, {group: admins, userId}, {} as never))
    const outcomes = await Promise.allSettled(ids.map(leave))
    expect(outcomes.map(({status}) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(state.activeAdminCount()).toBe(1)
  })
})
