import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const WORK = 'https://agnes.example.com'
const LAB = 'https://lab.example.com:8443'

async function account() {
  const [home, configDir] = [await tempDir(), await tempDir()]
  const run = (
    argv: string[],
    options: {tty?: boolean; env?: Record<string, string>; cwd?: string} = {},
  ) =>
    runCli(argv, {
      currentDir: options.cwd ?? home,
      env: {HOME: home, AGNES_CONFIG_DIR: configDir, ...options.env},
      ...(options.tty === undefined ? {} : {tty: options.tty}),
    })
  return {home, configDir, run}
}

describe('agnes server', () => {
  it('adds, lists, chooses and forgets', async () => {
    const {run, configDir} = await account()
    const added = await run(['server', 'add', `${WORK}/some/path`, '--json'])
    expect(added.json).toEqual({name: 'agnes', url: WORK, ca: null, isNew: true, isDefault: true})
    const second = await run(['server', 'add', LAB, '--name', 'lab'], {tty: true})
    expect(second.stdout).toBe(`${LAB} is called lab.\n`)
    const piped = await run(['server', 'list'])
    expect(piped.stdout).toBe(`agnes\t${WORK}\tdefault\t\t0\nlab\t${LAB}\t\t\t0\n`)
    const terminal = await run(['server', 'list'], {tty: true})
    expect(terminal.stdout).toMatch(/\* {2}agnes {2}https:\/\/agnes\.example\.com +no +0\n/)
    expect((await run(['server', 'use', 'lab'])).stdout).toBe(`${LAB}\n`)
    expect(await readFile(join(configDir, 'config.yaml'), 'utf8')).toContain(LAB)
    const removed = await run(['server', 'remove', 'lab', '--json'])
    expect(removed.json).toMatchObject({name: 'lab', url: LAB, wasDefault: true})
    expect(removed.json.warnings[0]).toContain('agnes server use NAME')
  })

  it.each([
    [['server', 'add', 'ftp://x'], 2, 'bad_server_url'],
    [['server', 'add', 'https://user:secret@x.example'], 2, 'bad_server_url'],
    [['server', 'add', WORK, '--name', '../up'], 2, 'bad_server_name'],
    [['server', 'use', 'nowhere'], 4, 'server_not_found'],
    [['server', 'remove', 'nowhere'], 4, 'server_not_found'],
    [['auth', 'whoami', '--server', 'nowhere'], 2, 'bad_server_url'],
  ])('refuses %j', async (argv, exitCode, code) => {
    const {run} = await account()
    const outcome = await run([...argv, '--json'])
    expect([outcome.exitCode, outcome.json.error.code]).toEqual([exitCode, code])
  })

  it('gives a name to one server only', async () => {
    const {run} = await account()
    await run(['server', 'add', WORK, '--name', 'one'])
    const {exitCode, json} = await run(['server', 'add', LAB, '--name', 'one', '--json'])
    expect([exitCode, json.error.code]).toEqual([6, 'server_name_taken'])
  })

  it('keeps a damaged list as it is', async () => {
    const {run, configDir} = await account()
    await writeFile(join(configDir, 'servers.json'), '{')
    const {exitCode, json} = await run(['server', 'add', WORK, '--json'])
    expect([exitCode, json.error.code]).toEqual([2, 'servers_damaged'])
    expect(await readFile(join(configDir, 'servers.json'), 'utf8')).toBe('{')
  })

  it('is chosen by flag, variable, workspace and default, in this order', async () => {
    const {run, home} = await account()
    for (const name of ['flag', 'variable', 'default'])
      await run(['server', 'add', `https://${name}.example`])
    await run(['server', 'use', 'default'])
    const workspace = join(home, 'ws')
    await mkdir(join(workspace, '.claude'), {recursive: true})
    await writeFile(
      join(workspace, '.claude/init-complete'),
      'server_url: https://workspace.example\n',
    )
    const asked = async (argv: string[], options: Parameters<typeof run>[1] = {}) =>
      (await run(['auth', 'whoami', '--json', ...argv], options)).json.error.details.origin
    const env = {AGNES_SERVER: 'variable'}
    expect(await asked(['--server', 'flag'], {env, cwd: workspace})).toBe('https://flag.example')
    expect(await asked([], {env, cwd: workspace})).toBe('https://variable.example')
    expect(await asked([], {cwd: workspace})).toBe('https://workspace.example')
    expect(await asked([])).toBe('https://default.example')
  })
})

describe('--server in a workspace of another server', () => {
  it('mixes no data into it', async () => {
    const server = await startEmbeddedServer({demo: {scale: 0.01}})
    const [home, configDir] = [await tempDir(), await tempDir()]
    const run = (argv: string[], stdin = '') =>
      runCli([...argv, '--json'], {
        currentDir: home,
        stdin,
        env: {HOME: home, AGNES_CONFIG_DIR: configDir},
      })
    const folder = join(home, 'ws')
    const init = ['init', folder, '--server-url', server.url, '--token-stdin']
    expect((await run(init, server.analystToken)).exitCode).toBe(0)
    const other = await startEmbeddedServer()
    const argv = ['auth', 'import-token', '--server-url', other.url, '--token-stdin']
    expect((await run(argv, other.adminToken)).exitCode).toBe(0)
    const pulled = await run(['pull', '--workspace', folder, '--server', other.url])
    expect([pulled.exitCode, pulled.json.error.code]).toEqual([6, 'other_server'])
    const catalog = await run(['catalog', '--server', other.url])
    expect([catalog.exitCode, catalog.json.tables]).toEqual([0, []])
  }, 30_000)
})
