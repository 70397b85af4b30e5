import {startTestServer, type TestServer} from './test-server.js'

/** A JWT that looks real; nothing here checks its signature. */
export function fakeToken(
  claims: Record<string, unknown> = {email: 'ana@example.com', exp: 1_900_000_000},
) {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({alg: 'HS256'})}.${part(claims)}.c2lnbmF0dXJl`
}

/** The endpoints that `init` asks, accepting one token. */
export async function startFakeAgnes(
  options: {token?: string; welcome?: string; tables?: number} = {},
): Promise<TestServer & {token: string}> {
  const server = await startTestServer()
  const token = options.token ?? fakeToken()
  const guarded = (body: unknown) => (request: {headers: {authorization?: string}}) =>
    request.headers.authorization === `Bearer ${token}`
      ? {status: 200, body}
      : {status: 401, body: {detail: 'Invalid or expired token'}}
  const tables = Array.from({length: options.tables ?? 2}, (_, index) => ({
    id: `t${index}`,
    name: `t${index}`,
  }))
  server.on('GET', '/api/catalog/tables', guarded({tables, count: tables.length}))
  server.json('/api/health', {status: 'ok', db_schema: 'ok'}).optional()
  if (options.welcome !== undefined)
    server.on('GET', '/api/welcome', guarded({content: options.welcome})).optional()
  return Object.assign(server, {token})
}
