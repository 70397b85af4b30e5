import {rm, writeFile} from 'node:fs/promises'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {expiryNotice} from '../../../src/lib/credentials/expiry-notice.js'
import {runCli} from '../../support/run-cli.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer} from '../../support/test-server.js'

const DAY = 86_400_000
const NOW = Date.parse('2026-06-01T12:00:00Z')

function endingAt(ms: number | null): string {
  const claims = ms === null ? {} : {exp: Math.floor(ms / 1000)}
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
}

async function account(env: Record<string, string> = {}) {
  const config = new NodeFiles(await tempDir(), systemRandom)
  const told: string[] = []
  return {
    config,
    told,
    async ask(leftMs: number | null, {now = NOW, origin = 'https://a.example'} = {}) {
      const clock = {now: () => now, monotonicMs: () => 0, sleep: async () => undefined}
      const token = endingAt(leftMs === null ? null : now + leftMs)
      const around = {env: readEnv(env), clock, config, token, origin}
      await expiryNotice(around, (message) => void told.push(message))
      return told.length
    },
  }
}

describe('expiryNotice', () => {
  it.each([
    [8 * DAY, null],
    [7 * DAY, '7 days'],
    [1.5 * DAY, '1 day'],
    [DAY / 2, 'less than a day'],
    [0, null],
    [-DAY, null],
    [null, null],
  ])('with %j milliseconds left says %j', async (left, text) => {
    const {ask, told} = await account()
    await ask(left)
    expect(told.map((message) => /ends in (.*?),/.exec(message)?.[1])).toEqual(
      text === null ? [] : [text],
    )
  })

  it('says it once a day and server', async () => {
    const {ask} = await account()
    expect(await ask(3 * DAY)).toBe(1)
    expect(await ask(3 * DAY)).toBe(1)
    expect(await ask(3 * DAY, {origin: 'https://b.example'})).toBe(2)
    expect(await ask(3 * DAY, {now: NOW + DAY})).toBe(3)
  })

  it('can be set and turned off by AGNES_TOKEN_RENEW_DAYS', async () => {
    const off = await account({AGNES_TOKEN_RENEW_DAYS: '0'})
    expect(await off.ask(DAY / 2)).toBe(0)
    const early = await account({AGNES_TOKEN_RENEW_DAYS: '30'})
    expect(await early.ask(20 * DAY)).toBe(1)
  })

  it('is not stopped by a damaged record', async () => {
    const {ask, config} = await account()
    await config.writeAtomic('token-notices.json', '{"a":')
    expect(await ask(DAY)).toBe(1)
  })

  it('is told each time, and fails nothing, where the settings cannot be written', async () => {
    const {ask, config} = await account()
    await rm(config.root, {recursive: true})
    await writeFile(config.root, 'no folder')
    expect([await ask(DAY), await ask(DAY)]).toEqual([1, 2])
  })

  it('reaches people on stderr, programs in the document, and nobody with --quiet', async () => {
    const server = await startTestServer()
    server.on('GET', '/auth/tokens', () => ({status: 200, body: []}))
    const run = async (argv: string[]) => {
      const [home, configDir] = [await tempDir(), await tempDir()]
      return runCli(argv, {
        currentDir: home,
        env: {
          ...{HOME: home, AGNES_CONFIG_DIR: configDir, AGNES_SERVER: server.origin},
          AGNES_TOKEN: endingAt(Date.now() + 2.5 * DAY),
        },
      })
    }
    const text = await run(['auth', 'token', 'list'])
    expect(text.stderr).toMatch(
      /^Warning: Your token for .* ends in 2 days, on .*Renew it: agnes auth login/,
    )
    const {json, stderr} = await run(['auth', 'token', 'list', '--json'])
    expect([json.warnings.length, stderr]).toEqual([1, ''])
    const quiet = await run(['pull', '--quiet'])
    expect(quiet.stderr).not.toContain('ends in')
  })
})
