import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {readEnv} from '../../src/lib/config/env.js'
import {createContext, withOverrides} from '../../src/lib/context.js'
import {answerPull} from '../../src/lib/run-pull.js'
import {demoGrant, startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {memoryStreams} from '../support/memory-streams.js'
import {runCli} from '../support/run-cli.js'
import {removeFolder, tempDir} from '../support/temp-dir.js'

/** A busy computer decides nothing. */
const PATIENCE_MS = 60_000
type Vars = Record<string, string>

const demo = {scale: 0.01}
let shared: EmbeddedServer
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'agnes-test-unchanged-'))
  shared = await startEmbeddedServer({dir, demo, isShared: true})
})
afterAll(async () => {
  await shared?.close()
  if (shared) await removeFolder(shared.dir)
})

/** A pulled workspace, the command, and the shorter way to its answer. */
async function stage(server = shared) {
  const home = await tempDir()
  const root = join(home, 'ws')
  const env: Vars = {
    HOME: home,
    AGNES_SERVER: server.url,
    AGNES_TOKEN: server.analystToken,
    AGNES_NO_KEYCHAIN: '1',
    AGNES_TOKEN_RENEW_DAYS: '0',
  }
  await runCli(['init', root, '--server-url', server.url], {env, currentDir: home})
  const command = (argv: string[], {tty = false} = {}) =>
    runCli(['pull', ...argv], {env, currentDir: root, tty})
  /** `null` where it leaves the answer to the command. */
  const quick = (
    argv: string[] = [],
    {tty = false, more = {}}: {tty?: boolean; more?: Vars} = {},
  ) => {
    const streams = memoryStreams({tty})
    const overrides = {env: readEnv({...env, ...more}), streams, currentDir: root}
    return withOverrides(overrides, async () => {
      const exit = (): never => {
        throw new Error('nobody asked for it')
      }
      const context = {...createContext(), onSignal: () => () => {}, exit}
      const isAnswered = await answerPull(argv, context, PATIENCE_MS)
      expect(streams.err.text).toBe('')
      if (!isAnswered) expect(streams.out.text).toBe('')
      return isAnswered ? streams.out.text : null
    })
  }
  const last = async () =>
    JSON.parse(await readFile(join(root, '.claude/agnes/last-pull.json'), 'utf8'))
  const table = join(root, 'server/parquet/orders.parquet')
  return {server, root, command, quick, last, table}
}

const untimed = (text: string | null) => text?.replace(/\d+\.\d s/, 'N s')

describe('a pull with nothing to do', () => {
  it('says what the command says, in each form', async () => {
    const {command, quick} = await stage()
    for (const tty of [false, true]) {
      const {stdout, exitCode} = await command([], {tty})
      expect(exitCode).toBe(0)
      expect(stdout).toMatch(tty ? /^Everything is up to date: \d+ tables/ : /^up_to_date\t/)
      expect(untimed(await quick([], {tty}))).toBe(untimed(stdout))
      expect(await quick(['--quiet'], {tty})).toBe('')
    }
  })

  it('notes that it looked, and the next one of either kind finds nothing to do', async () => {
    const {command, quick, last} = await stage()
    const before = await last()
    expect(await quick()).not.toBeNull()
    const after = await last()
    expect(after.lastSuccessAt > before.lastSuccessAt).toBe(true)
    expect(await quick()).not.toBeNull()
    const {json} = await command(['--json'])
    expect(json).toMatchObject({ok: true, isUpToDate: true, downloaded: [], pruned: []})
    expect(await quick()).not.toBeNull()
  })

  it('is left to the command with any other word, and where it is to be explained', async () => {
    const {quick} = await stage()
    for (const argv of [['--json'], ['--plan'], ['--verify'], ['--quiet', '--json'], ['--help']])
      expect(await quick(argv)).toBeNull()
    expect(await quick([], {more: {AGNES_DEBUG: '1'}})).toBeNull()
    expect(await quick()).not.toBeNull()
  })

  it.each([
    ['a table is gone', ({table}: Stage) => rm(table)],
    ['a table is longer', ({table}: Stage) => appendFile(table, 'x')],
    ['a table was written again', ({table}: Stage) => utimes(table, 1, 1)],
    ['the catalog is gone', ({root}: Stage) => rm(join(root, 'user/duckdb/analytics.duckdb'))],
    ['a company note is gone', removeNotes],
    [
      'the state moved',
      ({root}: Stage) => utimes(join(root, '.claude/agnes/sync_state.json'), 1, 1),
    ],
    ['the record is unreadable', ({root}: Stage) => writeFile(lastPullOf(root), '{')],
    ['a killed pull left a partial', ({root}: Stage) => leave(root, 'partials')],
    ['a killed pull left parts', ({root}: Stage) => leave(root, 'staged')],
  ])('is left to the command where %s', async (_what, happen) => {
    const world = await stage()
    expect(await world.quick()).not.toBeNull()
    await happen(world)
    expect(await world.quick()).toBeNull()
    expect(await world.quick(['--quiet'])).toBeNull()
  })

  it.each([
    ['publishes something else', revoke],
    ['is down', ({server}: Stage) => server.close()],
  ])('is left to the command where the server %s', async (_what, happen) => {
    const world = await stage(await startEmbeddedServer({demo}))
    expect(await world.quick()).not.toBeNull()
    await happen(world)
    expect(await world.quick()).toBeNull()
    expect(await world.quick(['--quiet'])).toBeNull()
  })

  it('is left to the command without a right to ask, and with a token that ends soon', async () => {
    const {quick} = await stage()
    expect(await quick([], {more: {AGNES_TOKEN: 'forgotten'}})).toBeNull()
    expect(await quick([], {more: {AGNES_TOKEN_RENEW_DAYS: '3650'}})).toBeNull()
    expect(await quick(['--quiet'], {more: {AGNES_TOKEN_RENEW_DAYS: '3650'}})).toBe('')
  })

  it('is left to the command as long as there is something to tell each time', async () => {
    const world = await stage(await startEmbeddedServer({demo}))
    const {command, quick, table} = world
    await revoke(world)
    expect((await command([])).stdout).toContain('removed\torders')
    await expect(readFile(table)).rejects.toThrow('ENOENT')
    expect(await quick()).toBeNull()
    expect(await quick(['--quiet'])).toBeNull()
  })

  it('is left to the command while a table of the analyst has a published name', async () => {
    const {command, quick, root} = await stage()
    const path = join(root, 'user/duckdb/analytics.duckdb')
    const session = await new DuckDbWarehouse().open({path, access: 'write'})
    await session.run('DROP VIEW orders')
    await session.run('CREATE TABLE orders AS SELECT 1 AS mine')
    await session.close()
    const {stderr} = await command(['--verify'])
    expect(stderr).toContain('have the names of published tables')
    expect(await quick()).toBeNull()
  })
})

type Stage = Awaited<ReturnType<typeof stage>>

const lastPullOf = (root: string) => join(root, '.claude/agnes/last-pull.json')

async function leave(root: string, folder: string) {
  const path = join(root, '.claude/agnes', folder)
  await mkdir(path, {recursive: true})
  await writeFile(join(path, `${'0'.repeat(32)}.part`), '')
}

async function removeNotes({root}: Stage) {
  const folder = join(root, '.claude/rules')
  for (const name of await readdir(folder))
    if (name.startsWith('km_')) return rm(join(folder, name))
  throw new Error('the demo company has no notes')
}

/** Takes `orders` away from the analyst. */
async function revoke({server}: Stage) {
  const drop = {drop: 'grants', key: [demoGrant(server, 'orders').id]} as const
  await server.state.update(() => ({changes: [drop], result: undefined}))
}
