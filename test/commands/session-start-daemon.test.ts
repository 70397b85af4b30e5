import {readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {unixControlSocket} from '../../src/lib/adapters/unix-control-socket.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const LAST = '.claude/agnes/last-pull.json'
const MINUTE = 60_000

/** A pulled workspace, a stored token, and a daemon that answers as it is told. */
async function stage() {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const home = await tempDir()
  const root = join(home, 'ws')
  const env = {
    ...{HOME: home, AGNES_NO_KEYCHAIN: '1', AGNES_TOKEN_RENEW_DAYS: '0'},
    // A busy computer decides nothing; nor does a part of it that is no whole number.
    AGNES_HOOK_ANSWER_MS: '59999',
  }
  const init = ['init', root, '--server-url', server.url, '--token-stdin']
  await runCli(init, {env, currentDir: home, stdin: `${server.analystToken}\n`})
  const asked: unknown[] = []
  const daemon = {answer: (): unknown => null}
  const socket = unixControlSocket(join(home, '.config/agnes'), home)
  const listener = await socket.listen(async (message) => {
    asked.push(message)
    return daemon.answer()
  })
  onTestFinished(() => listener.close())
  const last = async () =>
    JSON.parse(await readFile(join(root, LAST), 'utf8')) as {lastSuccessAt: string; at: string}
  return {
    server,
    root,
    asked,
    daemon,
    last,
    /** What the daemon says when all is well, as asked so much later than the last pull. */
    async fresh(laterMs: number) {
      const freshAt = new Date(Date.parse((await last()).lastSuccessAt) + laterMs).toISOString()
      const state = {kind: 'idle'}
      return {isFresh: true, workspace: {path: root, server: server.url, state, freshAt}}
    },
    async start(more: Record<string, string> = {}) {
      const said = {hook_event_name: 'SessionStart', session_id: 's1', cwd: root}
      const {stdout, exitCode} = await runCli(['pull', '--quiet'], {
        env: {...env, ...more},
        currentDir: root,
        stdin: JSON.stringify(said),
        background: {start: async () => ({hasEnded: () => false})},
      })
      return {stdout, exitCode}
    },
  }
}

const nothing = {stdout: '', exitCode: 0}

describe('the start of a session beside a daemon', {timeout: 90_000}, () => {
  it('takes its word for what the server has, and notes when that was asked', async () => {
    const {start, fresh, daemon, last, asked, root} = await stage()
    const word = await fresh(20 * MINUTE)
    daemon.answer = () => word
    expect(await start()).toEqual(nothing)
    expect((await last()).lastSuccessAt).toBe(word.workspace.freshAt)
    expect(asked).toEqual([{op: 'freshness', workspace: root}])
  })

  it('writes nothing where that was a moment after the last pull', async () => {
    const {start, fresh, daemon, last} = await stage()
    const before = await last()
    const word = await fresh(MINUTE)
    daemon.answer = () => word
    expect(await start()).toEqual(nothing)
    expect(await last()).toEqual(before)
  })

  it('looks at the files itself: what is gone is fetched whatever the daemon says', async () => {
    const {start, fresh, daemon, last, root} = await stage()
    const word = await fresh(20 * MINUTE)
    daemon.answer = () => word
    const file = join(root, 'server/parquet/orders.parquet')
    await rm(file)
    expect(await start()).toEqual(nothing)
    expect((await readFile(file)).length).toBeGreaterThan(0)
    expect((await last()).lastSuccessAt).not.toBe(word.workspace.freshAt)
  })

  it('says that a refresh is running while the daemon pulls', async () => {
    const {start, fresh, daemon, last} = await stage()
    const before = await last()
    const word = await fresh(0)
    const state = {kind: 'pulling', since: before.at}
    daemon.answer = () => ({...word, isFresh: false, workspace: {...word.workspace, state}})
    expect((await start()).stdout).toContain('A refresh is still running')
    expect(await last()).toEqual(before)
  })

  it.each<[string, (w: Awaited<ReturnType<typeof stage>>) => unknown, Record<string, string>]>([
    ['does not keep the workspace', () => ({isFresh: false, workspace: null}), {}],
    ['is not sure', async ({fresh}) => ({...(await fresh(20 * MINUTE)), isFresh: false}), {}],
    ['is silent', () => new Promise(() => undefined), {AGNES_HOOK_ANSWER_MS: '8000'}],
    ['fails', () => Promise.reject(new Error('broken')), {}],
    [
      'knows the workspace with another server',
      async ({fresh}) => {
        const word = await fresh(20 * MINUTE)
        return {...word, workspace: {...word.workspace, server: 'https://other.example'}}
      },
      {},
    ],
  ])('asks the server where the daemon %s', async (_what, answer, env) => {
    const world = await stage()
    const before = await world.last()
    world.daemon.answer = () => answer(world)
    expect(await world.start(env)).toEqual(nothing)
    const after = await world.last()
    expect(after.lastSuccessAt > before.lastSuccessAt).toBe(true)
    // Not what the daemon said, which lies in the future.
    expect(Date.parse(after.lastSuccessAt) - Date.parse(before.lastSuccessAt)).toBeLessThan(
      20 * MINUTE,
    )
  })

  it('does not ask it with a token that the daemon does not have', async () => {
    const {start, asked, server} = await stage()
    expect(await start({AGNES_TOKEN: server.analystToken})).toEqual(nothing)
    expect(asked).toEqual([])
  })
})
