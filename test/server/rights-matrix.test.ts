import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {tempDir} from '../support/temp-dir.js'

/** Every route there is, asked by everybody there can be. A route that is in no row fails the test. */

const CALLERS = ['anonymous', 'expired', 'revoked', 'analyst', 'other', 'admin'] as const
type Caller = (typeof CALLERS)[number]
type Body = Record<string, unknown> | FormData | URLSearchParams

interface Row {
  /** As the server registered it. */
  route: string
  /** What is asked; made anew for each caller where it is spent by being asked. */
  path: string | ((world: World) => Promise<string>)
  body?: Body | ((caller: Caller) => Body)
  /** One status for each caller. */
  expected: number[]
}

interface World {
  server: EmbeddedServer
  tokens: Record<Caller, string | null>
  /** The id of a new token of the analyst. */
  spare(): Promise<string>
}

const AT = '2026-01-31T12:00:00.000000'
const signedIn = (analyst: number, other: number, admin: number) => [
  ...[401, 401, 401],
  ...[analyst, other, admin],
]
const everybody = (status: number) => CALLERS.map(() => status)
const anyone = signedIn(200, 200, 200)
/** `orders` is granted to the analyst's group, not to the other one. */
const ofOrders = signedIn(200, 403, 200)
const admins = (ok: number) => signedIn(403, 403, ok)

function row(route: string, path: Row['path'], expected: number[], body?: Row['body']): Row {
  return {route, path, expected, ...(body === undefined ? {} : {body})}
}

/** `/api/x/:id` asked as it stands in `path`; without one as the route is. */
function plain(route: string, expected: number[], body?: Row['body']): Row {
  return row(route, route.split(' ')[1]!, expected, body)
}

function upload(): FormData {
  const form = new FormData()
  form.append('file', new Blob(['{"type": "summary"}\n']), 'session.jsonl')
  return form
}

function metricsFile(): FormData {
  const form = new FormData()
  form.append('file', new Blob(['{name: c, category: a, sql: x}']), 'metrics.yml')
  return form
}

const METRIC = {id: 'a/b', name: 'b', display_name: 'B', category: 'a', sql: 'SELECT 1'}
const NOBODY = {email: 'nobody@example.com', password: 'correct horse'}
const FORM = {port: '4000', state: 'state-0123456789-abcdefghij'}
const person = (caller: Caller) => ({email: `${caller}@new.example`, name: caller})

/** In this order: later rows use what an administrator made or left in earlier ones. */
const ROWS: Row[] = [
  ...['/api/health', '/api/version', '/cli/latest', '/api/sync/status'].map((path) =>
    plain(`GET ${path}`, everybody(200)),
  ),
  row('GET /cli/auth/start', `/cli/auth/start?${new URLSearchParams(FORM)}`, everybody(200)),
  // A personal token is no session; nobody is signed in by a form without a password.
  plain('POST /cli/auth/start', [401, 401, 401, 403, 403, 403], new URLSearchParams(FORM)),
  plain('POST /cli/auth/exchange', everybody(400), {code: 'f'.repeat(64)}),
  plain('POST /auth/token', everybody(401), NOBODY),
  plain('POST /auth/password/login', everybody(401), NOBODY),
  // Git signs in with Basic alone.
  row('GET /marketplace.git/*', '/marketplace.git/info/refs', everybody(401)),

  plain('GET /api/health/detailed', anyone),
  plain('POST /auth/tokens', signedIn(403, 403, 403), {name: 'more'}),
  plain('GET /auth/tokens', anyone),
  row('GET /auth/tokens/:id', spareToken('/auth/tokens'), signedIn(200, 404, 404)),
  row('DELETE /auth/tokens/:id', spareToken('/auth/tokens'), signedIn(204, 404, 404)),
  plain('GET /auth/admin/tokens', admins(200)),
  row('DELETE /auth/admin/tokens/:id', spareToken('/auth/admin/tokens'), admins(204)),

  plain('GET /api/sync/manifest', anyone),
  plain('GET /api/sync/settings', anyone),
  plain('POST /api/sync/settings', anyone, {datasets: {orders: true}}),
  plain('POST /api/sync/trigger', admins(200)),
  plain('GET /api/me/effective-access', anyone),
  plain('GET /api/welcome', anyone),
  plain('GET /api/v2/catalog', anyone),
  plain('GET /api/catalog/tables', anyone),
  plain('GET /marketplace/info', anyone),
  plain('GET /marketplace.zip', anyone),
  row(
    'GET /api/data/:table/check-access',
    '/api/data/orders/check-access',
    signedIn(204, 403, 204),
  ),
  row('GET /api/data/:table/download', '/api/data/orders/download', ofOrders),
  row('GET /api/v2/schema/:id', '/api/v2/schema/orders', ofOrders),
  row('GET /api/v2/sample/:id', '/api/v2/sample/orders?n=1', ofOrders),
  plain('POST /api/v2/scan/estimate', ofOrders, {table_id: 'orders'}),
  plain('POST /api/v2/scan', ofOrders, {table_id: 'orders'}),
  plain('POST /api/query', ofOrders, {sql: 'SELECT * FROM orders'}),

  plain('POST /api/upload/sessions', anyone, upload),
  plain('POST /api/upload/artifacts', anyone, upload),
  plain('POST /api/upload/local-md', anyone, {content: 'mine'}),
  plain('GET /api/memory/bundle', anyone),
  plain('POST /api/memory', signedIn(201, 201, 201), (caller) => ({
    ...{title: caller, content: 'x', category: 'process'},
  })),
  plain('GET /api/memory', admins(200)),
  ...['approve', 'mandate', 'revoke', 'reject'].map((verb) =>
    row(`POST /api/memory/admin/${verb}`, note(verb), admins(200)),
  ),

  plain('POST /api/admin/metrics', admins(201), METRIC),
  plain('POST /api/admin/metrics/import', admins(200), metricsFile),
  plain('GET /api/metrics', anyone),
  row('GET /api/metrics/*', '/api/metrics/a/b', anyone),
  row('DELETE /api/admin/metrics/*', '/api/admin/metrics/a/b', admins(200)),

  plain('GET /api/users', admins(200)),
  plain('POST /api/users', admins(201), person),
  row('GET /api/users/:id', '/api/users/other-0000', admins(200)),
  row('PATCH /api/users/:id', '/api/users/other-0000', admins(200), {name: 'Other'}),
  row('POST /api/users/:id/deactivate', '/api/users/extra-0000/deactivate', admins(200)),
  row('POST /api/users/:id/activate', '/api/users/extra-0000/activate', admins(200)),
  row('POST /api/users/:id/set-password', '/api/users/extra-0000/set-password', admins(204), {
    password: 'correct horse',
  }),

  plain('GET /api/admin/groups', admins(200)),
  plain('POST /api/admin/groups', admins(201), (caller) => ({name: `of ${caller}`})),
  row('GET /api/admin/groups/:id', '/api/admin/groups/others', admins(200)),
  row('PATCH /api/admin/groups/:id', '/api/admin/groups/others', admins(200), {description: 'x'}),
  row('GET /api/admin/groups/:id/members', '/api/admin/groups/others/members', admins(200)),
  row('POST /api/admin/groups/:id/members', '/api/admin/groups/others/members', admins(201), {
    email: 'extra@example.com',
  }),
  row(
    'DELETE /api/admin/groups/:id/members/:user',
    '/api/admin/groups/others/members/extra-0000',
    admins(204),
  ),
  row(
    'GET /api/admin/users/:id/effective-access',
    '/api/admin/users/other-0000/effective-access',
    admins(200),
  ),
  row(
    'GET /api/admin/users/:id/memberships',
    '/api/admin/users/other-0000/memberships',
    admins(200),
  ),
  row(
    'POST /api/admin/users/:id/memberships',
    '/api/admin/users/extra-0000/memberships',
    admins(201),
    {group_id: 'others'},
  ),
  row(
    'DELETE /api/admin/users/:id/memberships/:group',
    '/api/admin/users/extra-0000/memberships/others',
    admins(204),
  ),
  plain('GET /api/admin/access-overview', admins(200)),
  plain('GET /api/admin/resource-types', admins(200)),
  plain('GET /api/admin/grants', admins(200)),
  plain('POST /api/admin/grants', admins(201), {
    ...{group_id: 'others', resource_type: 'table', resource_id: 'later'},
  }),
  row('DELETE /api/admin/grants/:id', '/api/admin/grants/grant-of-others', admins(204)),

  plain('GET /api/admin/registry', admins(200)),
  plain('POST /api/admin/register-table', admins(201), {name: 'later'}),
  plain('POST /api/admin/register-table/precheck', admins(200), {name: 'later'}),
  row('PUT /api/admin/registry/:id', '/api/admin/registry/orders', admins(200), {description: 'x'}),
  row('DELETE /api/admin/registry/:id', '/api/admin/registry/later', admins(204)),
  plain('GET /api/admin/activity', admins(200)),
  row('DELETE /api/users/:id', '/api/users/extra-0000', admins(204)),
  row('DELETE /api/admin/groups/:id', '/api/admin/groups/others', admins(204)),
]

function spareToken(folder: string) {
  return async ({spare}: World) => `${folder}/${await spare()}`
}

function note(verb: string) {
  return async ({server}: World) => {
    const {body} = await server.call('GET', '/api/memory')
    return `/api/memory/admin/${verb}?item_id=${body.items[0].id}`
  }
}

/** Somebody in a group of their own that reads `payroll`, and somebody to be changed. */
async function makeWorld(): Promise<World> {
  const dir = await tempDir()
  await writeFile(join(dir, 'orders.csv'), 'id,amount\n1,10\n')
  await writeFile(join(dir, 'payroll.csv'), 'id,salary\n1,1000\n')
  const server = await startEmbeddedServer({dir})
  await server.grant('orders')
  const {state, issuer} = server
  const analyst = state.userByEmail('analyst@example.com')!
  const other = {...analyst, id: 'other-0000', email: 'other@example.com'}
  const by = {createdAt: AT, createdBy: 'test'}
  const make = (user: typeof analyst, ends: {expiresAt?: string; revokedAt?: string} = {}) => {
    const {token, row} = issuer.personal(user, {name: 't', scope: 'general', seconds: null})
    return {token, row: {...row, ...ends}}
  }
  const made = {
    expired: make(analyst, {expiresAt: AT}),
    revoked: make(analyst, {revokedAt: AT}),
    other: make(other),
  }
  await state.update(() => ({
    changes: [
      {put: 'users', row: other},
      {put: 'users', row: {...other, id: 'extra-0000', email: 'extra@example.com'}},
      {put: 'groups', row: {id: 'others', name: 'others', description: '', isSystem: false, ...by}},
      {
        put: 'members',
        row: {groupId: 'others', userId: other.id, source: 'admin', addedAt: AT, addedBy: 'test'},
      },
      {
        put: 'grants',
        row: {
          ...{id: 'grant-of-others', groupId: 'others', resourceType: 'table'},
          ...{resourceId: 'payroll', assignedAt: AT, assignedBy: 'test'},
        },
      },
      ...Object.values(made).map(({row}) => ({put: 'tokens' as const, row})),
    ],
    result: undefined,
  }))
  return {
    server,
    tokens: {
      anonymous: null,
      expired: made.expired.token,
      revoked: made.revoked.token,
      analyst: server.analystToken,
      other: made.other.token,
      admin: server.adminToken,
    },
    async spare() {
      const {row} = make(analyst)
      await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
      return row.id
    },
  }
}

async function ask(world: World, {route, path, body}: Row, caller: Caller): Promise<number> {
  const {server, tokens} = world
  const sent = typeof body === 'function' ? body(caller) : body
  const isForm = sent instanceof FormData || sent instanceof URLSearchParams
  const token = tokens[caller]
  const answer = await fetch(server.url + (typeof path === 'string' ? path : await path(world)), {
    method: route.split(' ', 1)[0]!,
    redirect: 'manual',
    headers: {
      ...(token === null ? {} : {authorization: `Bearer ${token}`}),
      ...(sent === undefined || isForm ? {} : {'content-type': 'application/json'}),
    },
    ...(sent === undefined ? {} : {body: isForm ? sent : JSON.stringify(sent)}),
  })
  await answer.arrayBuffer()
  return answer.status
}

it('gives every caller at every route what the table says', async () => {
  const world = await makeWorld()
  const registered = world.server.routes.map(({method, path}) => `${method} ${path}`)
  expect(ROWS.map(({route}) => route).sort()).toEqual(registered.sort())
  const answered: Record<string, number[]> = {}
  for (const one of ROWS) {
    answered[one.route] = []
    for (const caller of CALLERS) answered[one.route]!.push(await ask(world, one, caller))
  }
  expect(answered).toEqual(Object.fromEntries(ROWS.map(({route, expected}) => [route, expected])))
}, 60_000)

it('names to each caller only the tables of their own groups', async () => {
  const {server, tokens} = await makeWorld()
  const seen: Record<string, string[]> = {}
  for (const caller of ['analyst', 'other', 'admin'] as const) {
    const {body} = await server.call('GET', '/api/sync/manifest', {token: tokens[caller]})
    seen[caller] = Object.keys(body.tables as object)
  }
  expect(seen).toEqual({
    analyst: ['orders'],
    other: ['payroll'],
    admin: ['orders', 'payroll'],
  })
})
