import {randomBytes} from 'node:crypto'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {FakeClock} from '../support/fake-clock.js'
import type {EmbeddedServer} from '../support/embedded-server.js'
import {EMAIL, PASSWORD, signInWorld} from '../support/sign-in-world.js'

const STATE = 'state-0123456789-abcdefghij'
const FORM = {port: '4000', state: STATE, email: EMAIL, password: PASSWORD}

function post(
  {url}: EmbeddedServer,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const body = new URLSearchParams(fields)
  return fetch(`${url}/cli/auth/start`, {method: 'POST', body, headers, redirect: 'manual'})
}

async function codeOf(server: EmbeddedServer): Promise<string> {
  const {headers} = await post(server, FORM)
  return new URL(headers.get('location') ?? '').searchParams.get('code') ?? ''
}

const exchange = (server: EmbeddedServer, body: unknown) =>
  server.call('POST', '/cli/auth/exchange', {token: null, body})

describe('the sign-in page', () => {
  it('is one page with a strict policy, and nothing keeps it', async () => {
    const {server} = await signInWorld()
    const page = await fetch(`${server.url}/cli/auth/start?port=4000&state=${STATE}`)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/127\.0\.0\.1:4000; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('set-cookie')).toBeNull()
    expect(await page.text()).not.toMatch(/<script|https?:/)
  })

  it.each([
    ['port=80', 'invalid loopback port'],
    ['port=70000', 'invalid loopback port'],
    ['port=4000@evil', 'invalid loopback port'],
    ['port=4000&state=short', 'invalid state'],
    [`port=4000&state=${'x'.repeat(257)}`, 'invalid state'],
    ['port=4000&state=0123456789%0A0123456789', 'invalid state'],
  ])('refuses %s', async (query, detail) => {
    const {server} = await signInWorld()
    const answer = await server.call('GET', `/cli/auth/start?${query}`, {token: null})
    expect([answer.status, answer.body]).toEqual([400, {detail}])
  })

  it.each([
    [{origin: 'https://evil.example'}, 403],
    [{origin: 'null'}, 403],
    [{'sec-fetch-site': 'cross-site'}, 403],
    [{'sec-fetch-site': 'same-site'}, 403],
    [{}, 303],
  ])('takes a form with %j: %d', async (headers, status) => {
    const {server} = await signInWorld()
    expect((await post(server, FORM, headers as Record<string, string>)).status).toBe(status)
  })

  it('sends the browser to the loopback port only', async () => {
    const {server} = await signInWorld()
    const {headers} = await post(server, {...FORM, port: '4321', next: 'https://evil.example'})
    const target = new URL(headers.get('location') ?? '')
    expect([target.origin, target.pathname]).toEqual(['http://127.0.0.1:4321', '/callback'])
    expect([...target.searchParams.keys()].sort()).toEqual(['code', 'state'])
  })

  it.each([
    ['a wrong password', {password: 'wrong'}],
    ['nobody', {email: 'nobody@example.com'}],
    ['an account without a password', {email: 'admin@localhost'}],
    ['markup', {email: '"><img src=x onerror=alert(1)>'}],
  ])('tells the same of %s', async (_name, fields) => {
    const {server} = await signInWorld()
    const answer = await post(server, {...FORM, ...fields})
    const text = await answer.text()
    expect([answer.status, text.includes('is wrong, or the account has no password')]).toEqual([
      ...[401, true],
    ])
    expect(text).not.toMatch(/<img|onerror=alert\(1\)>/)
  })

  it('stops guessing after ten tries a minute', async () => {
    const {server} = await signInWorld({hasRateLimits: true})
    const answers = []
    for (let turn = 0; turn < 12; turn++)
      answers.push((await post(server, {...FORM, password: 'wrong'})).status)
    expect(answers).toEqual([...Array<number>(10).fill(401), 429, 429])
    expect((await post(server, FORM)).status).toBe(429)
  })
})

describe('the code of a sign-in', () => {
  it('is worth one token for ninety days', async () => {
    const {server} = await signInWorld()
    const code = await codeOf(server)
    const {status, body} = await exchange(server, {code, name: ' laptop '.padEnd(200, 'x')})
    expect([status, body.email]).toEqual([200, EMAIL])
    const days = (Date.parse(body.expires_at) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(90)
    const tokens = await server.call('GET', '/auth/tokens', {token: body.token})
    expect(
      tokens.body.find(({name}: {name: string}) => name.startsWith('laptop'))?.name.length,
    ).toBe(80)
    const again = await exchange(server, {code})
    expect([again.status, again.body.detail]).toEqual([400, 'code invalid or expired'])
  })

  it('ends after two minutes', async () => {
    const clock = new FakeClock()
    const {server} = await signInWorld({clock})
    const [late, inTime] = [await codeOf(server), await codeOf(server)]
    await clock.advance(119_000)
    expect((await exchange(server, {code: inTime})).status).toBe(200)
    await clock.advance(1000)
    expect((await exchange(server, {code: late})).status).toBe(400)
  })

  it.each([
    [{}, 'code is required'],
    [{code: ''}, 'code is required'],
    [{code: 7}, 'code is required'],
    [{code: 'f'.repeat(64)}, 'code invalid or expired'],
  ])('is not %j', async (body, detail) => {
    const {server} = await signInWorld()
    const answer = await exchange(server, body)
    expect([answer.status, answer.body]).toEqual([400, {detail}])
  })

  it('is worth nothing once its account is switched off', async () => {
    const {server} = await signInWorld()
    const code = await codeOf(server)
    const user = server.state.userByEmail(EMAIL)!
    await server.call('POST', `/api/users/${user.id}/deactivate`)
    expect((await exchange(server, {code})).status).toBe(400)
    expect((await post(server, FORM)).status).toBe(401)
  })

  it('leaves rows in the audit that say who', async () => {
    const {server} = await signInWorld()
    await exchange(server, {code: await codeOf(server)})
    await post(server, {...FORM, password: 'wrong'})
    await server.call('POST', '/auth/token', {
      token: null,
      body: {email: EMAIL, password: PASSWORD},
    })
    await server.close()
    const path = join(server.dir, 'state/system.duckdb')
    const session = await new DuckDbWarehouse().open({path, access: 'read', threads: 1})
    const rows = await session.rows(
      "SELECT path, status, email FROM audit WHERE path LIKE '%auth/%' ORDER BY ALL",
    )
    await session.close()
    expect(rows.map(([path, status, email]) => [path, Number(status), email])).toEqual([
      ['/auth/token', 200, EMAIL],
      ['/cli/auth/exchange', 200, EMAIL],
      ['/cli/auth/start', 303, EMAIL],
      ['/cli/auth/start', 401, null],
    ])
  })
})

describe('who may use the token endpoints', () => {
  it('is decided by one table', async () => {
    const {server} = await signInWorld()
    const {state, issuer} = server
    const [ana, admin] = [state.userByEmail(EMAIL)!, state.userByEmail('admin@localhost')!]
    const other = {...ana, id: 'other', email: 'other@example.com'}
    const make = async (user: typeof ana, change: object = {}) => {
      const {token, row} = issuer.personal(user, {name: 'x', scope: 'general', seconds: 3600})
      await state.update(() => ({
        changes: [
          {put: 'users', row: user},
          {put: 'tokens', row: {...row, ...change}},
        ],
        result: undefined,
      }))
      return {token, id: row.id}
    }
    const past = '2020-01-01T00:00:00.000000'
    const callers: Record<string, string | null> = {
      anonymous: null,
      forged: `e30.e30.${randomBytes(32).toString('base64url')}`,
      expired: (await make(ana, {expiresAt: past})).token,
      revoked: (await make(ana, {revokedAt: past})).token,
      analyst: server.analystToken,
      'analyst session': issuer.session(ana),
      'member of another group': (await make(other)).token,
      admin: server.adminToken,
      'admin session': issuer.session(admin),
    }
    const body = {name: 'made', expires_in_days: 1}
    const endpoints: Record<string, (token: string | null) => Promise<number>> = {
      create: async (token) => (await server.call('POST', '/auth/tokens', {token, body})).status,
      list: async (token) => (await server.call('GET', '/auth/tokens', {token})).status,
      'list all': async (token) => (await server.call('GET', '/auth/admin/tokens', {token})).status,
      "read the analyst's": async (token) =>
        (await server.call('GET', `/auth/tokens/${(await make(ana)).id}`, {token})).status,
      "revoke the analyst's": async (token) =>
        (await server.call('DELETE', `/auth/tokens/${(await make(ana)).id}`, {token})).status,
      'revoke anybody’s': async (token) =>
        (await server.call('DELETE', `/auth/admin/tokens/${(await make(ana)).id}`, {token})).status,
      'start a sign-in': async (token) =>
        (
          await post(
            server,
            {port: '4000', state: STATE},
            token === null ? {} : {authorization: `Bearer ${token}`},
          )
        ).status,
    }
    const table: Record<string, number[]> = {}
    for (const [who, token] of Object.entries(callers))
      table[who] = await Promise.all(Object.values(endpoints).map((ask) => ask(token)))
    expect(table).toEqual({
      // create, list, list all, read, revoke, revoke anybody's, start a sign-in
      anonymous: [401, 401, 401, 401, 401, 401, 401],
      forged: [401, 401, 401, 401, 401, 401, 401],
      expired: [401, 401, 401, 401, 401, 401, 401],
      revoked: [401, 401, 401, 401, 401, 401, 401],
      analyst: [403, 200, 403, 200, 204, 403, 403],
      'analyst session': [201, 200, 403, 200, 204, 403, 303],
      'member of another group': [403, 200, 403, 404, 404, 403, 403],
      admin: [403, 200, 200, 404, 404, 204, 403],
      'admin session': [201, 200, 200, 404, 404, 204, 303],
    })
  })
})
