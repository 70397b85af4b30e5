import {join} from 'node:path'
import {expect, it} from 'vitest'
import {OsKeychain} from '../../../src/lib/adapters/os-keychain.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {createContext, withOverrides} from '../../../src/lib/context.js'
import {openDaemon} from '../../../src/lib/daemon/open-daemon.js'
import {startEmbeddedServer} from '../../support/embedded-server.js'
import {fakeKeychain} from '../../support/fake-keychain.js'
import {runCli} from '../../support/run-cli.js'
import {tempDir} from '../../support/temp-dir.js'

/** What a running daemon sees of the account, and the verbs that change it meanwhile. */
async function account() {
  const server = await startEmbeddedServer()
  const home = await tempDir()
  const keychain = new OsKeychain(await fakeKeychain('works'), systemClock, {limitMs: 60_000})
  const env = {HOME: home, AGNES_CONFIG_DIR: join(home, 'config')}
  const auth = async (argv: string[], stdin = '') => {
    const words = ['auth', ...argv, '--server', server.url, '--json']
    const end = await runCli(words, {env, stdin, currentDir: home, keychain})
    expect([end.exitCode, end.stderr]).toEqual([0, ''])
  }
  const importToken = (token: string, store: string) =>
    auth(['import-token', '--token-stdin', '--store', store], `${token}\n`)
  const deps = await withOverrides({env: readEnv(env), keychain, currentDir: home}, () =>
    openDaemon(createContext(), () => undefined),
  )
  /** Whose token the daemon's next request carries; `null` when there is none to send. */
  const whose = async (): Promise<string | null> => {
    const http = await deps.openHttp(server.url).catch(() => null)
    if (!http) return null
    const {status} = await http
      .requestJson('GET', '/api/admin/groups', {})
      .catch(() => ({status: 0}))
    return status === 200 ? 'admin' : 'analyst'
  }
  return {server, auth, importToken, deps, whose}
}

it.each(['file', 'keychain'])(
  'a sign-in, another one and a sign-out in the %s are seen by a daemon that runs on',
  async (store) => {
    const {server, auth, importToken, deps, whose} = await account()
    const marks = [await deps.signInMark()]
    expect([await whose(), await deps.tokenEndsAt(server.url)]).toEqual([null, null])
    await importToken(server.analystToken, store)
    marks.push(await deps.signInMark())
    expect(await whose()).toBe('analyst')
    const endsAt = await deps.tokenEndsAt(server.url)
    await importToken(server.adminToken, store)
    marks.push(await deps.signInMark())
    expect(await whose()).toBe('admin')
    await auth(['logout', '--local'])
    marks.push(await deps.signInMark())
    expect([await whose(), await deps.tokenEndsAt(server.url)]).toEqual([null, null])
    expect(new Set(marks).size).toBe(4)
    expect(endsAt).toEqual(expect.any(String))
    expect(await deps.signInMark()).toBe(marks[3])
  },
)

it('a change of the store is followed as well', async () => {
  const {server, importToken, deps, whose} = await account()
  await importToken(server.analystToken, 'file')
  const before = await deps.signInMark()
  await importToken(server.adminToken, 'keychain')
  expect(await whose()).toBe('admin')
  expect(await deps.signInMark()).not.toBe(before)
})
