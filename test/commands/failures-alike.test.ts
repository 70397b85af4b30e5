import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {runCli} from '../support/run-cli.js'
import {html, reset, silence, status, type Fault} from '../support/server-faults.js'
import {tempWorkspace} from '../support/temp-workspace.js'
import {startTestServer, type TestServer} from '../support/test-server.js'

/** One failure of the server, one exit code, in whatever command it comes (docs/exit-codes.md). */

const SIDECAR = {
  ...{name: 'kept', table_id: 'zoo', select: null, where: null, limit: null, order_by: null},
  ...{fetched_at: '2026-01-01T00:00:00+00:00', effective_as_of: '2026-01-01T00:00:00+00:00'},
  ...{rows: 1, bytes_local: 0, estimated_scan_bytes_at_fetch: 0, result_hash_md5: ''},
}

/** What fails in each command is the last of its requests; those before are answered. */
const COMMANDS: [name: string, argv: string[], fails: RegExp][] = [
  ['catalog', ['catalog'], /^\/api\/v2\/catalog$/],
  ['catalog --metrics', ['catalog', '--metrics'], /^\/api\/metrics$/],
  ['catalog --show', ['catalog', '--show', 'a/b'], /^\/api\/metrics/],
  ['schema', ['schema', 'zoo'], /^\/api\/v2\/schema/],
  ['describe', ['describe', 'zoo'], /^\/api\/v2\/schema/],
  ['sample', ['sample', 'zoo'], /^\/api\/v2\/sample/],
  ['explore', ['explore', 'zoo'], /^\/api\/(v2\/sample|catalog\/profile)/],
  ['query --remote', ['query', '--remote', 'SELECT a FROM zoo'], /^\/api\/query$/],
  ['query --estimate', ['query', '--remote', 'SELECT a FROM zoo', '--estimate'], /\/estimate$/],
  ['snapshot --estimate', ['snapshot', 'create', 'zoo', '--estimate'], /\/estimate$/],
  ['snapshot create, estimate', ['snapshot', 'create', 'zoo'], /\/estimate$/],
  ['snapshot create, fetch', ['snapshot', 'create', 'zoo'], /^\/api\/v2\/scan$/],
  ['snapshot refresh, estimate', ['snapshot', 'refresh', 'kept'], /\/estimate$/],
  ['snapshot refresh, fetch', ['snapshot', 'refresh', 'kept'], /^\/api\/v2\/scan$/],
]

/** Real timers; nothing here takes that long but what never answers. */
const IMPATIENT = {AGNES_HTTP_TIMEOUT: '0.4'}

const page = {headers: {'content-type': 'text/html'}, body: '<html>Bad gateway</html>'}

const FAILURES: [name: string, fault: () => Fault, exitCode: number][] = [
  ['401', () => status(401), 7],
  ['403', () => status(403), 8],
  ['404', () => status(404), 4],
  ['405', () => status(405), 4],
  ['409', () => status(409), 6],
  ['400', () => status(400), 2],
  ['422', () => status(422, {body: '{"detail":[{"loc":["body"],"msg":"no"}]}'}), 2],
  ['429', () => status(429, {retryAfter: 0}), 3],
  ['500', () => status(500), 5],
  ['502 of a gateway', () => status(502, page), 5],
  ['503', () => status(503), 5],
  ['504', () => status(504), 5],
  ['a redirect', () => status(302, {headers: {location: 'http://elsewhere.test/'}}), 2],
  ['a page of a proxy', () => html(), 9],
  ['a broken connection', () => reset(), 9],
  ['no answer in time', () => silence(), 9],
]

async function answering(): Promise<TestServer> {
  const server = await startTestServer()
  server.json('/api/v2/catalog', {tables: [{id: 'zoo', name: 'zoo', query_mode: 'remote'}]})
  server.json('/api/v2/schema/zoo', {columns: [{name: 'a', type: 'BIGINT'}]})
  server.json('/api/v2/sample/zoo', {rows: [{a: 1}]})
  server.json('/api/catalog/profile/zoo', {detail: 'Not Found'}, {status: 404})
  server.json('/api/metrics', {metrics: [], count: 0})
  server.json('/api/metrics/a/b', {detail: 'Not Found'}, {status: 404})
  const estimate = {table_id: 'zoo', estimated_scan_bytes: 0, estimated_result_rows: null}
  server.on('POST', '/api/v2/scan/estimate', () => ({status: 200, body: estimate}))
  server.on('POST', '/api/v2/scan', () => ({status: 200, body: ''}))
  server.on('POST', '/api/query', () => ({status: 200, body: {columns: [], rows: []}}))
  return server
}

describe.each(COMMANDS)('%s', (_name, argv, fails) => {
  it.each(FAILURES)(
    'ends after %s with the one exit code for it',
    async (_what, fault, exitCode) => {
      const server = await answering()
      for (const method of ['GET', 'POST'])
        server.on(method, fails, () => ({status: 200})).faults(fault().times(Infinity))
      const {home, root, write} = await tempWorkspace({server: server.origin})
      await write('user/snapshots/kept.meta.json', JSON.stringify(SIDECAR))
      const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token', ...IMPATIENT}
      const before = await readdir(join(root, 'user/snapshots'))
      const {json, exitCode: given} = await runCli([...argv, '--json'], {env, currentDir: root})
      expect([given, json.error.code], JSON.stringify(json)).toEqual([exitCode, expect.any(String)])
      expect(json.error.retryable).toBe([3, 5, 9].includes(exitCode))
      expect(await readdir(join(root, 'user/snapshots'))).toEqual(before)
    },
  )
})
