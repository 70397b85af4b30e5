import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {goldenFile, isQuery} from '../support/recorded-cases.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'

/** Every exchange with /api/query, as a person and as a program sees its answer. */
describe.each(recordedVersions)('an answer of %s', (version) => {
  const exchanges = recorded(version).filter(isQuery)

  it.each(exchanges.map((exchange) => [exchange.label, exchange] as const))(
    'is shown: %s',
    async (label, {request, response}) => {
      const server = await startTestServer()
      server.on('POST', '/api/query', () => ({
        status: response.status,
        headers: {'content-type': response.headers['content-type'] ?? 'application/json'},
        body: recordedBytes(response.body),
      }))
      const asked = JSON.parse(request.body?.text ?? '{}') as {sql: string; limit: number}
      const home = await tempDir()
      const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token'}
      const argv = ['query', '--remote', asked.sql, '--limit', String(asked.limit)]
      const options = {env, currentDir: home}
      const shown = [`$ agnes ${argv.slice(0, 2).join(' ')} '${asked.sql}' --limit ${asked.limit}`]
      for (const [how, extra, tty] of [
        ['terminal', [], true],
        ['pipe', [], false],
        ['--json', ['--json'], false],
      ] as const) {
        const {stdout, stderr, exitCode} = await runCli([...argv, ...extra], {...options, tty})
        shown.push(`--- ${how}, exit ${exitCode}`, stdout, `--- stderr`, stderr)
      }
      const usual = {max_bytes: 5 * 2 ** 30}
      expect(JSON.parse(server.requests[0]!.body.toString())).toEqual({...asked, ...usual})
      const text = shown.join('\n').replaceAll(server.origin, 'http://server')
      await expect(text).toMatchFileSnapshot(
        join(import.meta.dirname, '../fixtures/golden/query-remote', version, goldenFile(label)),
      )
    },
  )
})
