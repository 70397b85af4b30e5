import {existsSync} from 'node:fs'
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {startFakeAgnes} from '../support/fake-agnes.js'
import {runCli} from '../support/run-cli.js'
import {snapshotTree} from '../support/snapshot-tree.js'
import {tempDir} from '../support/temp-dir.js'

let server: EmbeddedServer
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'agnes-test-'))
  server = await startEmbeddedServer({dir, demo: true, isShared: true})
})
afterAll(async () => {
  await server.close()
  await rm(server.dir, {recursive: true})
})

async function place() {
  const home = await tempDir()
  const run = (argv: string[], extra: {tty?: boolean; stdin?: string} = {}) =>
    runCli(argv, {...extra, env: {HOME: home}, currentDir: home})
  return {home, dir: join(home, 'ws'), run}
}

describe('agnes init, with the pull', () => {
  it('ends with the tables here, and does nothing the second time', async () => {
    const {home, dir, run} = await place()
    const argv = ['init', 'ws', '--server-url', server.url, '--token-stdin', '--json']
    const first = await run(argv, {stdin: server.analystToken})
    expect(first.exitCode).toBe(0)
    expect(first.json).toMatchObject({isNew: true, pull: {ok: true, workspace: dir}})
    expect(first.json.pull.downloaded.length).toBeGreaterThan(0)
    expect(first.json.signedIn.email).toBe('ana.novak@lipa.example')
    const before = await snapshotTree(dir)
    const again = await run(['init', 'ws', '--json'])
    expect(again.json).toMatchObject({isNew: false, pull: {ok: true, isUpToDate: true}})
    const isOurs = (name: string) => !name.startsWith('.claude/agnes/')
    const stable = (tree: typeof before) => Object.entries(tree).filter(([name]) => isOurs(name))
    expect(stable(await snapshotTree(dir))).toEqual(stable(before))

    const status = await run(['status', '--workspace', dir, '--json'])
    expect(status.json).toMatchObject({
      hooks: 'installed',
      isInitialized: true,
      lastAttempt: {exitCode: 0},
    })
    expect(status.json.advice).toEqual([expect.stringContaining('The token expires in')])
    expect(status.json.tables.every(({state}: {state: string}) => state === 'ok')).toBe(true)
    const claude = await readFile(join(dir, 'CLAUDE.md'), 'utf8')
    expect(claude).toContain('## What the server says')
    expect((await snapshotTree(home))['.config/agnes/credentials.json']?.mode).toBe('600')
  })

  it('reads well on a terminal', async () => {
    const {dir, run} = await place()
    const {stdout} = await run(['init', 'ws', '--server-url', server.url, '--token-stdin'], {
      tty: true,
      stdin: `${server.analystToken}\n`,
    })
    expect(stdout).toContain(`Workspace  ${dir}\n`)
    expect(stdout).toContain('The workspace is ready.')
    expect(stdout).toMatch(/\d+ tables fetched/)
    expect(stdout.trimEnd().endsWith(`cd ${dir}, then: agnes status`)).toBe(true)
  })

  it('leaves a usable workspace when the pull fails, and ends with the code of the pull', async () => {
    const {dir, run} = await place()
    const fake = await startFakeAgnes()
    fake.on('GET', '/api/sync/manifest', () => ({status: 403, body: {detail: 'Not today'}}))
    const {exitCode, stdout, stderr} = await run(
      ['init', 'ws', '--server-url', fake.origin, '--token-stdin'],
      {stdin: fake.token},
    )
    expect(exitCode).toBe(8)
    expect(stderr).toContain('Not today')
    expect(stderr).toContain('The workspace itself is ready; `agnes pull` fetches the tables.')
    expect(stdout).toContain(`workspace\t${dir}`)
    expect(existsSync(join(dir, '.claude/init-complete'))).toBe(true)
    expect((await run(['status', '--workspace', dir])).exitCode).toBe(0)
  })
})

describe('agnes verify', () => {
  async function pulled() {
    const placed = await place()
    const argv = ['init', 'ws', '--server-url', server.url, '--token-stdin', '--json']
    const {json} = await placed.run(argv, {stdin: server.analystToken})
    expect(json.pull.ok).toBe(true)
    const names = await readdir(join(placed.dir, 'server/parquet'))
    const file = names.filter((name) => name.endsWith('.parquet')).sort()[0]!
    const verify = (extra: string[], options = {}) =>
      placed.run(['verify', '--workspace', placed.dir, ...extra], options)
    return {
      ...placed,
      verify,
      table: file.slice(0, -8),
      path: join(placed.dir, 'server/parquet', file),
    }
  }

  it('finds a whole workspace whole', async () => {
    const {verify} = await pulled()
    const {json, exitCode} = await verify(['--json'])
    expect(exitCode).toBe(0)
    expect(Object.keys(json)).toEqual([
      'workspace',
      'isWhole',
      'checked',
      'problems',
      'leftovers',
      'unfinished',
      'catalog',
      'stateDamage',
      'repair',
    ])
    expect(json).toMatchObject({isWhole: true, problems: [], leftovers: [], catalog: {state: 'ok'}})
    const {stdout} = await verify([], {tty: true})
    expect(stdout).toMatch(/read: everything is whole\.\n$/)
  })

  it('finds a flipped bit, says what to run, and mends it', async () => {
    const {verify, table, path} = await pulled()
    const good = await readFile(path)
    const bad = Buffer.from(good)
    bad[Math.floor(bad.length / 2)]! ^= 1
    await writeFile(path, bad)

    const found = await verify([])
    expect(found.exitCode).toBe(10)
    expect(found.stdout).toContain(
      `changed\t${table}\tserver/parquet/${table}.parquet\t${good.length}`,
    )
    expect(found.stderr).toContain('agnes verify --repair')
    const document = await verify(['--json', table])
    expect(document.exitCode).toBe(10)
    expect(document.json).toMatchObject({isWhole: false, problems: [{table, kind: 'changed'}]})
    expect(await readFile(path)).toEqual(bad)

    const mended = await verify(['--repair', '--json'])
    expect(mended.exitCode).toBe(0)
    expect(mended.json).toMatchObject({
      isWhole: true,
      problems: [{table, isRepaired: true}],
      repair: {tables: [table], failed: [], error: null},
    })
    expect(await readFile(path)).toEqual(good)
    expect((await verify(['--json'])).json).toMatchObject({isWhole: true, problems: []})
  })

  it('keeps what is there when it cannot be fetched again', async () => {
    const {home, verify, path} = await pulled()
    await writeFile(path, 'broken')
    await rm(join(home, '.config/agnes/credentials.json'))
    const {exitCode, stderr} = await verify(['--repair'])
    expect(exitCode).toBe(10)
    expect(stderr).toContain('Fetching again failed: No token is stored')
    expect(await readFile(path, 'utf8')).toBe('broken')
  })

  it('refuses a table it does not know', async () => {
    const {verify} = await pulled()
    const {exitCode, json} = await verify(['nothing', '--json'])
    expect([exitCode, json.error.code]).toEqual([4, 'table_not_installed'])
  })
})
