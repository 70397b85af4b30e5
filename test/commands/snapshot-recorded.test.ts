import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, it} from 'vitest'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {goldenFile, isScan} from '../support/recorded-cases.js'
import {runCli} from '../support/run-cli.js'
import {tempWorkspace} from '../support/temp-workspace.js'
import {startTestServer, type Answer} from '../support/test-server.js'

/** Every exchange with the scan endpoints, replayed through the command. */

const ESTIMATE = {table_id: 't', estimated_scan_bytes: 0, estimated_result_rows: null}

type Response = {status: number; headers: Record<string, string>; body: {text?: string}}

function answerOf({status, headers, body}: Response): Answer {
  const type = headers['content-type'] ?? 'application/json'
  const bytes = recordedBytes(body as never)
  // Text bodies were recorded inflated, binary ones as they came.
  return {status, headers: {'content-type': type}, body: bytes}
}

describe.each(recordedVersions)('a scan of %s', (version) => {
  const exchanges = recorded(version).filter(isScan)

  it.each(exchanges.map((exchange) => [exchange.label, exchange] as const))(
    'is shown: %s',
    async (label, {request, response}) => {
      const server = await startTestServer()
      const isEstimate = request.path.endsWith('estimate')
      const asked = JSON.parse(request.body!.text!) as Record<string, any>
      server.json('/api/v2/catalog', {tables: []}).optional()
      server.json(`/api/v2/schema/${asked.table_id}`, {columns: []}).optional()
      server
        .on('POST', '/api/v2/scan/estimate', () =>
          isEstimate ? answerOf(response) : {status: 200, body: ESTIMATE},
        )
        .optional()
      server.on('POST', '/api/v2/scan', () => answerOf(response)).optional()
      const argv = ['snapshot', 'create', asked.table_id, '--as', 'kept']
      if (asked.select) argv.push('--select', asked.select.join(','))
      if (asked.where) argv.push('--where', asked.where)
      if (typeof asked.limit === 'number') argv.push('--limit', String(asked.limit))
      if (asked.order_by) argv.push('--order-by', asked.order_by.join(','))
      if (isEstimate) argv.push('--estimate')
      const shown: string[] = []
      for (const [how, extra, tty] of [
        ['terminal', [], true],
        ['pipe', [], false],
        ['--json', ['--json'], false],
      ] as const) {
        const {home, root} = await tempWorkspace({server: server.origin})
        const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
        const options = {env, currentDir: root, tty}
        const outcome = await runCli([...argv, ...extra], options)
        const text = `--- ${how}, exit ${outcome.exitCode}\n${outcome.stdout}--- stderr\n${outcome.stderr}`
        shown.push(text.replaceAll(root, '/ws'))
        if (outcome.exitCode !== 0 || isEstimate)
          expect(await readdir(join(root, 'user/snapshots')).catch(() => [])).toEqual([])
      }
      if (isEstimate) expect(server.requestsTo('/api/v2/scan')).toEqual([])
      const text = shown
        .join('\n')
        .replaceAll(server.origin, 'http://server')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
        .replace(/"md5": "\w+"/g, '"md5": "MD5"')
      await expect(text).toMatchFileSnapshot(
        join(import.meta.dirname, '../fixtures/golden/snapshot', version, goldenFile(label)),
      )
    },
  )

  it('that breaks off in the middle changes nothing', async () => {
    const {response} = exchanges.find(({label}) => label.endsWith('scan types_zoo'))!
    const whole = recordedBytes(response.body)
    const server = await startTestServer()
    server.on('POST', '/api/v2/scan/estimate', () => ({status: 200, body: ESTIMATE}))
    const bodies = [whole.subarray(0, -8), gzipSync(whole).subarray(0, -12)]
    for (const [index, body] of bodies.entries()) {
      const encoding: Record<string, string> = index === 1 ? {'content-encoding': 'gzip'} : {}
      server.on('POST', '/api/v2/scan', () => ({status: 200, headers: encoding, body}))
      const {home, root} = await tempWorkspace({server: server.origin})
      const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
      const argv = ['snapshot', 'create', 'zoo', '--json']
      const {exitCode, json} = await runCli(argv, {env, currentDir: root})
      expect([exitCode, json.error.code]).toEqual([10, 'stream_truncated'])
      expect(await readdir(join(root, 'user/snapshots'))).toEqual([])
    }
  })
})

describe('a refused snapshot', () => {
  it.each([
    [401, 7],
    [403, 8],
    [404, 4],
    [409, 6],
    [422, 2],
    [429, 3],
    [500, 5],
    [502, 5],
  ])(
    'of HTTP %i ends with exit code %i, at the estimate and at the fetch',
    async (status, code) => {
      const server = await startTestServer()
      server.json('/api/v2/catalog', {tables: []}).optional()
      const refusal = {status, body: {detail: 'no'}}
      const {home, root} = await tempWorkspace({server: server.origin})
      const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
      const run = () => runCli(['snapshot', 'create', 'zoo', '--json'], {env, currentDir: root})
      server.on('POST', '/api/v2/scan/estimate', () => refusal)
      expect((await run()).exitCode).toBe(code)
      server.on('POST', '/api/v2/scan/estimate', () => ({status: 200, body: ESTIMATE}))
      server.on('POST', '/api/v2/scan', () => refusal)
      expect((await run()).exitCode).toBe(code)
      expect(await readdir(join(root, 'user/snapshots'))).toEqual([])
    },
  )
})
