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
import {noEngine} from '../support/folder-store.js'
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

async function openState(path: string) {
  const store = await SystemStore.open(new DuckDbWarehouse(), path)
  return {store, state: await SystemState.load(store)}
}

const emptyData = async () => ({
  store: {
    tables: () => [],
    byId: () => undefined,
    byName: () => undefined,
    async rescan() {},
    async close() {},
  },
  engine: noEngine,
})

describe('the state of the server', () => {
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
    const first = await startEmbeddedServer({dir, openData: emptyData})
    const {adminToken} = first
    expect(adminToken).not.toBe('')
    await first.close()
    const second = await startEmbeddedServer({dir, openData: emptyData})
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
    const server = await startEmbeddedServer({openData: emptyData, clock})
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
    const server = await startEmbeddedServer({openData: emptyData, hasRateLimits: true})
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
    const server = await startEmbeddedServer({openData: emptyData})
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
    const server = await startEmbeddedServer({openData: emptyData})
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
