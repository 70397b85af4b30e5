import {request as post} from 'node:http'
import {once} from 'node:events'
import {describe, expect, it, onTestFinished} from 'vitest'
import {serveLimits, type LimitFlags} from '../../src/server/serve-limits.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempWorkspace} from '../support/temp-workspace.js'

/** The flags of `agnes serve`, and what people see whose work goes past them. */

describe('the limits of agnes serve', () => {
  it.each<[LimitFlags, ReturnType<typeof serveLimits>]>([
    [{}, {limits: {}, quotas: {}}],
    [{'max-scan-bytes': '500m'}, {limits: {maxRemoteScanBytes: 500 * 2 ** 20}, quotas: {}}],
    [{'max-scan-bytes': '0'}, {limits: {maxRemoteScanBytes: 0}, quotas: {}}],
    [{'max-daily-bytes': '1.5g'}, {limits: {}, quotas: {maxDailyBytes: 1.5 * 2 ** 30}}],
    [{'max-concurrent': 0}, {limits: {}, quotas: {maxConcurrent: 0}}],
  ])('%j are read', (flags, limits) => {
    expect(serveLimits(flags)).toEqual(limits)
  })

  it.each([
    ['--max-scan-bytes', 'lots', 'size_invalid'],
    ['--max-daily-bytes', '-1', 'size_invalid'],
    ['--max-concurrent', 'two', 'usage'],
  ])('%s %s is refused before anything is served', async (flag, value, code) => {
    const {json, exitCode} = await runCli(['serve', 'nowhere', `${flag}=${value}`, '--json'], {
      env: {},
    })
    expect([exitCode, json.error.code]).toEqual([2, code])
  })
})

const SQL = 'SELECT count(*) AS n, min(landing_page) AS page FROM web_sessions'
const SNAPSHOT = ['snapshot', 'create', 'web_sessions', '--select', 'device', '--no-estimate']

async function limited(flags: LimitFlags) {
  const server = await startEmbeddedServer({demo: {scale: 0.1}, ...serveLimits(flags)})
  const {home, root} = await tempWorkspace({server: server.url})
  const env = {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}
  const agnes = (argv: string[]) => runCli([...argv, '--json'], {env, currentDir: root})
  return {server, agnes}
}

/** A scan of the analyst that nobody reads to its end. */
async function holdSlot(server: EmbeddedServer): Promise<void> {
  const from_query = "SELECT repeat('x', 100000) AS t FROM web_sessions LIMIT 2000"
  const scan = post(`${server.url}/api/v2/scan`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.analystToken}`,
      'content-type': 'application/json',
    },
  })
  scan.on('error', () => undefined)
  onTestFinished(() => void scan.destroy())
  scan.end(JSON.stringify({table_id: 'held', from_query, as: 'held'}))
  const [answer] = (await once(scan, 'response')) as [{statusCode: number}]
  expect(answer.statusCode).toBe(200)
}

describe('a person', () => {
  it('whose query reads more than --max-scan-bytes is told both numbers and the way on', async () => {
    const {agnes} = await limited({'max-scan-bytes': '4k'})
    const {json, exitCode} = await agnes(['query', '--remote', SQL])
    expect([exitCode, json.error.code]).toEqual([14, 'remote_scan_too_large'])
    expect(json.error.message).toContain('the server allows 4.1 kB')
    expect(json.error.hint).toContain('agnes snapshot create web_sessions')
  })

  it('may read anything where --max-scan-bytes is 0', async () => {
    const {agnes} = await limited({'max-scan-bytes': '0'})
    expect((await agnes(['query', '--remote', SQL])).exitCode).toBe(0)
  })

  it('who has used up --max-daily-bytes is told when there is more, in every command', async () => {
    const {agnes} = await limited({'max-daily-bytes': '1k'})
    expect((await agnes(['query', '--remote', SQL])).exitCode).toBe(0)
    for (const argv of [['query', '--remote', SQL], SNAPSHOT]) {
      const {json, exitCode} = await agnes(argv)
      expect([exitCode, json.error.retryable]).toEqual([3, true])
      expect(json.error.message).toContain('1.0 kB')
      expect(json.error.hint).toMatch(/^Try again in (\d+ h )?\d+ (min|s)\./)
    }
  })

  it('who has --max-concurrent scans running is told to wait for one', async () => {
    const {server, agnes} = await limited({'max-concurrent': 1})
    await holdSlot(server)
    const {json, exitCode} = await agnes(SNAPSHOT)
    expect([exitCode, json.error.retryable]).toEqual([3, true])
    expect(json.error.message).toContain('(1 of 1)')
    expect(json.error.hint).toContain('Wait for one of them to end')
  })
})
