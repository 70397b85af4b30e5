import {execFile} from 'node:child_process'
import {readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {FakeClock} from '../support/fake-clock.js'
import {hashToken} from '../../src/server/auth/token-issuer.js'
import type {StateChange} from '../../src/server/state/rows.js'
import {SystemState} from '../../src/server/state/system-state.js'
import {SystemStore} from '../../src/server/state/system-store.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {noData} from '../support/folder-store.js'
import {tempDir} from '../support/temp-dir.js'

const AT = '2026-01-31T12:00:00.000000'
const group = (id: string, name = id): StateChange => ({
  put: 'groups',
  row: {id, name, description: null, isSystem: false, createdAt: AT, createdBy: 'test'},
})
const grant = (id: string, groupId: string, resourceId: string): StateChange => ({
  put: 'grants',
  row: {id, groupId, resourceType: 'table', resourceId, assignedAt: AT, assignedBy: 'test'},
})

/** `state/system.duckdb` as the first version wrote it: grants without `is_system`, an audit without detail. */
const FIRST_VERSION = [
  'CREATE TABLE server_schema (version INTEGER NOT NULL)',
  'INSERT INTO server_schema VALUES (1)',
  'CREATE TABLE users (id VARCHAR, email VARCHAR, name VARCHAR, active BOOLEAN, password_hash VARCHAR, created_at VARCHAR, deactivated_at VARCHAR, PRIMARY KEY (id))',
  `INSERT INTO users VALUES ('u1', 'ann@example.com', 'Ann', true, 'scrypt$1', '${AT}', NULL)`,
  'CREATE TABLE tokens (id VARCHAR, user_id VARCHAR, name VARCHAR, token_hash VARCHAR, scope VARCHAR, created_at VARCHAR, expires_at VARCHAR, last_used_at VARCHAR, last_used_ip VARCHAR, revoked_at VARCHAR, PRIMARY KEY (id))',
  `INSERT INTO tokens VALUES ('t1', 'u1', 'laptop', 'ab12', 'general', '${AT}', NULL, NULL, NULL, NULL)`,
  'CREATE TABLE groups (id VARCHAR, name VARCHAR, description VARCHAR, is_system BOOLEAN, created_at VARCHAR, created_by VARCHAR, PRIMARY KEY (id))',
  `INSERT INTO groups VALUES ('g1', 'Sales', NULL, false, '${AT}', 'test')`,
  'CREATE TABLE members (group_id VARCHAR, user_id VARCHAR, source VARCHAR, added_at VARCHAR, added_by VARCHAR, PRIMARY KEY (group_id, user_id))',
  `INSERT INTO members VALUES ('g1', 'u1', 'admin', '${AT}', 'test')`,
  'CREATE TABLE grants (id VARCHAR, group_id VARCHAR, resource_type VARCHAR, resource_id VARCHAR, assigned_at VARCHAR, assigned_by VARCHAR, PRIMARY KEY (id))',
  `INSERT INTO grants VALUES ('x1', 'g1', 'table', 'orders', '${AT}', 'test')`,
  'CREATE TABLE registry (id VARCHAR, name VARCHAR, is_hidden BOOLEAN, document VARCHAR, PRIMARY KEY (id))',
  `INSERT INTO registry VALUES ('orders', 'orders', false, '{"description": "x"}')`,
  'CREATE TABLE audit (logged_at VARCHAR, request_id VARCHAR, user_id VARCHAR, email VARCHAR, ip VARCHAR, method VARCHAR, path VARCHAR, status INTEGER)',
  `INSERT INTO audit VALUES ('${AT}', 'r1', 'u1', 'ann@example.com', '127.0.0.1', 'GET', '/api/users', 200)`,
]

async function openState(path: string) {
  const store = await SystemStore.open(new DuckDbWarehouse(), path)
  return {store, state: await SystemState.load(store)}
}

describe('the state of the server', () => {
  it('writes a row again whose first writing failed after it had reached the disk', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const store = await SystemStore.open(new DuckDbWarehouse(), path)
    let fails = true
    const state = await SystemState.load({
      load: (table) => store.load(table),
      async commit(changes, known) {
        await store.commit(changes, known)
        if (fails) throw new Error('the answer of the disk was lost')
      },
    })
    const add = (name: string) => state.update(() => ({changes: [group('g1', name)], result: 0}))
    await expect(add('first')).rejects.toThrow('lost')
    expect([...state.all('groups')]).toEqual([])
    fails = false
    await add('second')
    await store.close()
    const next = await openState(path)
    expect([...next.state.all('groups')].map(({name}) => name)).toEqual(['second'])
    await next.store.close()
  })

  it('is the same after it was closed and opened again', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const first = await openState(path)
    const document = {name: 'mrr', synonyms: ['žluťoučký', '"quoted"'], nested: {a: [1, null]}}
    await first.state.update(() => ({
      changes: [
        group('g1'),
        group('g2', "it's"),
        grant('x', 'g1', 'orders'),
        grant('y', 'g1', 'payroll'),
        {put: 'metrics', row: {id: 'a/mrr', document}},
        {drop: 'grants', key: ['y']},
      ],
      result: undefined,
    }))
    await first.store.close()
    const {state, store} = await openState(path)
    expect([...state.all('groups')].map(({name}) => name).sort()).toEqual(['g1', "it's"])
    expect(state.isGranted('g1', 'table', 'orders')).toBe(true)
    expect(state.isGranted('g1', 'table', 'payroll')).toBe(false)
    expect(state.get('metrics', 'a/mrr')?.document).toEqual(document)
    await store.close()
  })

  it('keeps all of a commit or none of it, in memory too', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const {state, store} = await openState(path)
    const broken = {put: 'users', row: {id: null, email: 'x'}} as unknown as StateChange
    await expect(
      state.update(() => ({changes: [group('g1'), broken], result: undefined})),
    ).rejects.toThrow()
    expect(state.get('groups', 'g1')).toBeUndefined()
    await state.update(() => ({changes: [group('g2')], result: undefined}))
    await store.close()
    const again = await openState(path)
    expect([...again.state.all('groups')].map(({id}) => id)).toEqual(['g2'])
    await again.store.close()
  })

  it('decides one change after the other, so that two cannot take the same name', async () => {
    const {state, store} = await openState(':memory:')
    const take = (id: string) =>
      state.update(() => {
        if (state.groupByName('sales')) throw new Error('taken')
        return {changes: [group(id, 'sales')], result: id}
      })
    const outcomes = await Promise.allSettled(Array.from({length: 20}, (_, i) => take(`g${i}`)))
    expect(outcomes.filter(({status}) => status === 'fulfilled')).toHaveLength(1)
    expect(state.count('groups')).toBe(1)
    await store.close()
  })

  it('forgets no use of a token that comes while a change of it is written', async () => {
    const {state, store} = await openState(':memory:')
    const [used, usedAgain] = ['2026-01-31T12:00:00.000000', '2026-01-31T12:00:01.000000']
    const row = {
      ...{id: 't1', userId: 'u1', name: 'laptop', tokenHash: 'ab12', scope: 'general'},
      ...{createdAt: AT, expiresAt: null, lastUsedAt: used, lastUsedIp: '::1', revokedAt: null},
    }
    await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
    await state.update(() => {
      queueMicrotask(() => state.touchToken(state.get('tokens', 't1')!, usedAgain, '127.0.0.1'))
      return {changes: [{put: 'tokens', row: {...row, revokedAt: used}}], result: undefined}
    })
    expect(state.get('tokens', 't1')).toEqual({
      ...row,
      ...{revokedAt: used, lastUsedAt: usedAgain, lastUsedIp: '127.0.0.1'},
    })
    await store.close()
  })

  it('opens a file of the first version and keeps everything in it', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const session = await new DuckDbWarehouse().open({path, access: 'write'})
    for (const sql of FIRST_VERSION) await session.run(sql)
    await session.close()
    for (const round of ['brought up', 'opened again']) {
      const {state, store} = await openState(path)
      expect([round, state.userByEmail('ann@example.com')]).toMatchObject([
        round,
        {id: 'u1', name: 'Ann', active: true, passwordHash: 'scrypt$1'},
      ])
      expect([...state.groupIdsOf('u1')]).toEqual(['g1'])
      const {isSystem, ...row} = state.get('grants', 'x1')!
      expect([isSystem ?? null, row.resourceId]).toEqual([null, 'orders'])
      expect(state.get('tokens', 't1')).toMatchObject({tokenHash: 'ab12', revokedAt: null})
      expect(state.get('registry', 'orders')?.document).toEqual({description: 'x'})
      expect((await store.audit(5)).rows).toMatchObject([{path: '/api/users', detail: null}])
      if (round === 'brought up') {
        await state.update(() => ({
          changes: [{put: 'grants', row: {...row, isSystem: true}}],
          result: undefined,
        }))
        await state.update(() => ({
          changes: [{put: 'grants', row: {...row, isSystem: null as never}}],
          result: undefined,
        }))
      }
      await store.close()
    }
  })

  it('keeps the last of several changes of one row, and drops by the hundred', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const {state, store} = await openState(path)
    const ids = Array.from({length: 3000}, (_, i) => `x${i}`)
    const member = (userId: string): StateChange => ({
      put: 'members',
      row: {groupId: 'g1', userId, source: 'admin', addedAt: AT, addedBy: 'test'},
    })
    await state.update(() => ({
      changes: [
        ...[group('g1'), group('g1', 'renamed'), group('g2'), member('a'), member('b')],
        ...ids.map((id) => grant(id, 'g1', id)),
        {drop: 'groups', key: ['g2']},
      ],
      result: undefined,
    }))
    await state.update(() => ({
      changes: [
        ...ids.slice(1).map((id): StateChange => ({drop: 'grants', key: [id]})),
        {drop: 'members', key: ['g1', 'a']},
        {drop: 'grants', key: ['x0']},
        grant('x0', 'g1', 'kept'),
      ],
      result: undefined,
    }))
    await state.update(() => ({
      changes: [group('g2'), group('g1', 'again'), member('a'), member('c')],
      result: undefined,
    }))
    await store.close()
    const again = await openState(path)
    expect([...again.state.all('groups')].map(({name}) => name).sort()).toEqual(['again', 'g2'])
    expect([...again.state.all('grants')].map(({resourceId}) => resourceId)).toEqual(['kept'])
    expect([...again.state.memberIdsOf('g1')].sort()).toEqual(['a', 'b', 'c'])
    await again.store.close()
  })

  it('refuses a file of a newer version and names both', async () => {
    const path = join(await tempDir(), 'system.duckdb')
    const session = await new DuckDbWarehouse().open({path, access: 'write'})
    await session.run('CREATE TABLE server_schema (version INTEGER)')
    await session.run('INSERT INTO server_schema VALUES (99)')
    await session.close()
    await expect(SystemStore.open(new DuckDbWarehouse(), path)).rejects.toMatchObject({
      code: 'state_too_new',
      details: {found: 99},
    })
  })
})

describe('a served folder', () => {
  it('has a token on its first start only, stored as a hash, signed by a key of its own', async () => {
    const dir = await tempDir()
    const first = await startEmbeddedServer({dir, openData: noData, isFirstStart: true})
    const {adminToken} = first
    expect(adminToken).not.toBe('')
    await first.close()
    const second = await startEmbeddedServer({dir, openData: noData})
    expect(second.firstToken).toBeUndefined()
    const answer = await second.call('GET', '/api/users', {token: adminToken})
    expect(answer.status).toBe(200)
    const hashes = [...second.state.all('tokens')].map(({tokenHash}) => tokenHash)
    expect(hashes).toContain(hashToken(adminToken))
    await second.close()
    const bytes = await readFile(join(dir, 'state/system.duckdb'))
    expect(bytes.includes(adminToken.split('.')[2] ?? '')).toBe(false)
    expect((await stat(join(dir, 'state/signing.key'))).mode & 0o777).toBe(0o600)
  })

  it('writes down who did what, in batches, and when a token was used', async () => {
    const clock = new FakeClock()
    const server = await startEmbeddedServer({openData: noData, clock})
    await server.call('GET', '/api/sync/manifest')
    await server.call('GET', '/api/sync/manifest', {token: 'garbage'})
    await server.call('POST', '/api/admin/groups', {body: {name: 'sales'}})
    await server.call('GET', '/api/health', {token: null})
    const dir = server.dir
    await server.close()
    const {store, state} = await openState(join(dir, 'state/system.duckdb'))
    const rows = (await store.audit(10)).rows.map(({email, method, path, status}) => [
      email,
      method,
      path,
      status,
    ])
    expect(rows).toHaveLength(3)
    expect(rows).toEqual(
      expect.arrayContaining([
        ['admin@localhost', 'GET', '/api/sync/manifest', 200],
        ['admin@localhost', 'POST', '/api/admin/groups', 201],
        [null, 'GET', '/api/sync/manifest', 401],
      ]),
    )
    expect([...state.all('tokens')].filter(({lastUsedAt}) => lastUsedAt !== null)).toHaveLength(1)
    await store.close()
  })

  it('limits how often one address may try passwords', async () => {
    const server = await startEmbeddedServer({openData: noData, hasRateLimits: true})
    const body = {email: 'admin@localhost', password: 'guess'}
    const statuses: number[] = []
    for (let i = 0; i < 11; i++)
      statuses.push((await server.call('POST', '/auth/token', {token: null, body})).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
    const last = await server.call('POST', '/auth/token', {token: null, body})
    expect(last.headers.get('retry-after')).toBe('60')
  })
})

describe('the manifest', () => {
  it('answers 304 to its own ETag until data or rights change', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const ask = (etag?: string) =>
      fetch(`${server.url}/api/sync/manifest`, {
        headers: {
          authorization: `Bearer ${server.adminToken}`,
          ...(etag ? {'if-none-match': etag} : {}),
        },
      })
    const etag = (await ask()).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]+"$/)
    const known = await ask(`"other", W/${etag}`)
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, ''])
    await server.call('POST', '/api/admin/register-table', {body: {name: 'orders'}})
    expect((await ask(etag)).status).toBe(304)
  })
})

describe('two servers on one folder', () => {
  it('is refused to the second, which names the first', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const path = join(server.dir, 'state/system.duckdb')
    // The lock is between processes, so the second one has to be one.
    const script = `
      import {DuckDBInstance} from '@duckdb/node-api'
      await DuckDBInstance.create(${JSON.stringify(path)}).then(() => console.log('open'), (e) => console.log(e.message))`
    const said = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, ['--input-type=module', '-e', script], (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      ),
    )
    expect(said).toContain(`PID ${process.pid}`)
  })
})
