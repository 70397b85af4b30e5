import {randomBytes} from 'node:crypto'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {request} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {signToken} from '../../src/server/auth/json-web-token.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'

let server: EmbeddedServer
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agnes-test-'))
  await writeFile(join(folder, 'orders.csv'), 'id,amount\n1,10\n2,20\n')
  await writeFile(join(folder, 'payroll.csv'), 'id,salary\n1,1000\n')
  server = await startEmbeddedServer({dir: folder, isShared: true})
  await server.grant('orders')
})
afterAll(async () => {
  await server.close()
  await rm(folder, {recursive: true})
})

/** Every spelling of "nobody we know", with the words the contract has for it. */
async function strangers(): Promise<[string, string | undefined, string][]> {
  const {state, issuer, analystToken} = server
  const analyst = state.userByEmail('analyst@example.com')
  if (!analyst) throw new Error('no analyst')
  const personal = (seconds: number | null) =>
    issuer.personal(analyst, {name: 'x', scope: 'general', seconds})
  const [revoked, expired, unknown, swapped] = [
    personal(null),
    personal(null),
    personal(null),
    personal(null),
  ]
  const past = '2020-01-01T00:00:00.000000'
  await state.update(() => ({
    changes: [
      {put: 'tokens', row: {...revoked.row, revokedAt: past}},
      {put: 'tokens', row: {...expired.row, expiresAt: past}},
      {put: 'tokens', row: {...swapped.row, tokenHash: 'f'.repeat(64)}},
    ],
    result: undefined,
  }))
  const forged = signToken(
    {sub: analyst.id, email: analyst.email, typ: 'session', iat: 0, jti: 'x'},
    randomBytes(32),
  )
  const [, payload, mark] = analystToken.split('.')
  const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  const missing = 'Missing or invalid Authorization header'
  const invalid = 'Invalid or expired token'
  return [
    ['no header', undefined, missing],
    ['another scheme', 'Basic eDp5', missing],
    ['a lower-case scheme', `bearer ${analystToken}`, missing],
    ['an empty token', 'Bearer ', missing],
    ['two blanks', `Bearer  ${analystToken}`, invalid],
    ['garbage', 'Bearer garbage', invalid],
    ['a token signed by somebody else', `Bearer ${forged}`, invalid],
    ['a token that names no algorithm', `Bearer ${unsigned}.${payload}.${mark}`, invalid],
    ['a token past its own end', `Bearer ${personal(-1).token}`, invalid],
    ['a token its row has expired', `Bearer ${expired.token}`, 'Token expired'],
    ['a revoked token', `Bearer ${revoked.token}`, 'Token revoked'],
    ['a token without a row', `Bearer ${unknown.token}`, 'Token unknown'],
    ['a token of another hash', `Bearer ${swapped.token}`, 'Token mismatch'],
  ]
}

function pathOf(path: string): string {
  return path.replace(/:\w+/g, 'orders').replace('*', 'a/b')
}

async function ask(method: string, path: string, authorization: string | undefined) {
  const response = await fetch(server.url + pathOf(path), {
    method,
    headers: authorization === undefined ? {} : {authorization},
  })
  return {status: response.status, body: (await response.json().catch(() => null)) as any}
}

describe('access', () => {
  it('opens these routes to everybody and no other', () => {
    const open = server.routes.filter(({access}) => access === 'public').map(({path}) => path)
    expect(open.sort()).toEqual([
      '/api/health',
      '/api/sync/status',
      '/api/version',
      '/auth/password/login',
      '/auth/token',
      '/cli/auth/exchange',
      '/cli/auth/start',
      '/cli/auth/start',
      '/cli/latest',
      '/marketplace.git/*',
    ])
  })

  it('lets no stranger into any other route, and tells each the contract words', async () => {
    const closed = server.routes.filter(({access}) => access !== 'public')
    expect(closed.length).toBeGreaterThan(40)
    for (const [who, authorization, detail] of await strangers())
      for (const {method, path} of closed)
        expect([who, method, path, await ask(method, path, authorization)]).toEqual([
          who,
          method,
          path,
          {status: 401, body: {detail}},
        ])
  })

  it('keeps analysts out of every admin route, whatever they send', async () => {
    const admin = server.routes.filter(
      ({path}) => path.includes('/admin/') || path.startsWith('/api/users'),
    )
    expect(admin.length).toBeGreaterThan(25)
    for (const {method, path} of [...admin, {method: 'POST', path: '/api/sync/trigger'}])
      expect([method, path, await ask(method, path, `Bearer ${server.analystToken}`)]).toEqual([
        method,
        path,
        {status: 403, body: {detail: 'Admin access required'}},
      ])
  })

  it('tells names and counts of the whole server to administrators only', async () => {
    const path = '/api/health/detailed'
    const ok = {status: 'ok'}
    const {body} = await server.call('GET', path, {token: server.analystToken})
    expect(body.services).toEqual({duckdb_state: ok, data: ok, users: ok, session_pipeline: ok})
    const {body: all} = await server.call('GET', path)
    expect(all.services.data).toEqual({...ok, tables: 2, total_rows: 3, stale_tables: []})
  })

  const reads: [string, string, (id: string) => unknown][] = [
    ['GET', '/api/data/ID/check-access', () => undefined],
    ['GET', '/api/data/ID/download', () => undefined],
    ['GET', '/api/v2/schema/ID', () => undefined],
    ['GET', '/api/v2/sample/ID?n=1', () => undefined],
    ['POST', '/api/v2/scan/estimate', (id) => ({table_id: id})],
    ['POST', '/api/v2/scan', (id) => ({table_id: id})],
    ['POST', '/api/query', (id) => ({sql: `select * from ${id}`})],
  ]

  it.each(reads)('%s %s follows the grants of the caller', async (method, path, body) => {
    const status = async (id: string, token: string) => {
      const sent = body(id)
      const answer = await server.call(method, path.replace('ID', id), {
        token,
        ...(sent === undefined ? {} : {body: sent}),
      })
      return answer.status
    }
    const ok = path.endsWith('check-access') ? 204 : 200
    expect({
      granted: await status('orders', server.analystToken),
      other: await status('payroll', server.analystToken),
      admin: await status('payroll', server.adminToken),
    }).toEqual({granted: ok, other: 403, admin: ok})
  })

  it.each(['/api/sync/manifest', '/api/v2/catalog', '/api/catalog/tables', '/api/welcome'])(
    '%s names only what the caller may read',
    async (path) => {
      const asText = async (token: string) =>
        JSON.stringify((await server.call('GET', path, {token})).body)
      expect(await asText(server.analystToken)).toContain('orders')
      expect(await asText(server.analystToken)).not.toContain('payroll')
      expect(await asText(server.adminToken)).toContain('payroll')
    },
  )

  it('takes rights away with the grant, the group, the account and the token, at once', async () => {
    const {call} = server
    const email = 'eve@example.com'
    const {body: user} = await call('POST', '/api/users', {body: {email, name: 'Eve'}})
    await call('POST', `/api/users/${user.id}/set-password`, {body: {password: 'correct horse'}})
    const {body: group} = await call('POST', '/api/admin/groups', {body: {name: 'temps'}})
    await call('POST', `/api/admin/groups/${group.id}/members`, {body: {email}})
    const grant = async () =>
      (
        await call('POST', '/api/admin/grants', {
          body: {group_id: group.id, resource_type: 'table', resource_id: 'payroll'},
        })
      ).body.id as string
    const session = (
      await call('POST', '/auth/token', {token: null, body: {email, password: 'correct horse'}})
    ).body.access_token as string
    const pat = (await call('POST', '/auth/tokens', {token: session, body: {name: 'laptop'}})).body
    const status = async (token: string) =>
      (await call('GET', '/api/data/payroll/check-access', {token})).status
    const first = await grant()
    expect(await status(pat.token)).toBe(204)
    await call('DELETE', `/api/admin/grants/${first}`)
    expect(await status(pat.token)).toBe(403)
    await grant()
    expect(await status(pat.token)).toBe(204)
    await call('DELETE', `/api/admin/groups/${group.id}/members/${user.id}`)
    expect(await status(pat.token)).toBe(403)
    await call('DELETE', `/auth/tokens/${pat.id}`, {token: pat.token})
    expect([await status(pat.token), await status(session)]).toEqual([401, 403])
    await call('POST', `/api/users/${user.id}/deactivate`)
    expect(await status(session)).toBe(401)
    await call('DELETE', `/api/users/${user.id}`)
    expect((await call('GET', '/api/sync/manifest', {token: session})).body).toEqual({
      detail: 'User not found',
    })
  })

  it('always keeps one active administrator', async () => {
    const {call} = server
    const {body: users} = await call('GET', '/api/users')
    const me = users.find((user: {is_admin: boolean}) => user.is_admin)
    expect((await call('DELETE', `/api/users/${me.id}`)).status).toBe(409)
    expect((await call('PATCH', `/api/users/${me.id}`, {body: {active: false}})).status).toBe(409)
    const {body: groups} = await call('GET', '/api/admin/groups')
    const admins = groups.find((group: {name: string}) => group.name === 'Admin')
    expect((await call('DELETE', `/api/admin/groups/${admins.id}`)).status).toBe(409)
    expect((await call('DELETE', `/api/admin/groups/${admins.id}/members/${me.id}`)).status).toBe(
      404,
    )
    expect((await call('GET', '/api/users')).status).toBe(200)
  })

  it('never writes a token or a password to disk, only hashes', async () => {
    const {state, adminToken, analystToken} = server
    const stored = JSON.stringify([...state.all('tokens'), ...state.all('users')])
    for (const secret of [adminToken, analystToken, 'correct horse'])
      expect(stored).not.toContain(secret)
  })
})

describe('the Host header', () => {
  function statusFor(host: string): Promise<number> {
    const {port} = new URL(server.url)
    return new Promise((resolve, reject) => {
      request({host: '127.0.0.1', port, path: '/api/health', headers: {host}}, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })
  }

  it('must name this machine while only this machine can connect', async () => {
    for (const host of ['localhost', 'localhost:1', '127.0.0.1:8000', '127.8.8.8', '[::1]:80'])
      expect([host, await statusFor(host)]).toEqual([host, 200])
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example:80',
      '10.0.0.1',
    ])
      expect([host, await statusFor(host)]).toEqual([host, 403])
  })
})
