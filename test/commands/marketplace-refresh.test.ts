import {readFile, rm, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {ZipFile} from 'yazl'
import {nodePrograms} from '../../src/lib/adapters/node-programs.js'
import {installClaudeStub} from '../support/claude-stub.js'
import {recorded, recordedVersions} from '../support/recorded.js'
import {runCli} from '../support/run-cli.js'
import {snapshotTree} from '../support/snapshot-tree.js'
import {tempWorkspace} from '../support/temp-workspace.js'
import {startTestServer} from '../support/test-server.js'

async function archive(plugins: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile()
  const entries = Object.entries(plugins).map(([name, version]) => ({
    name,
    version,
    source: `./plugins/${name}`,
  }))
  const add = (path: string, text: string) => zip.addBuffer(Buffer.from(text), path)
  add('.claude-plugin/marketplace.json', JSON.stringify({name: 'agnes', plugins: entries}))
  for (const {name, version} of entries) add(`plugins/${name}/hello.md`, `${name} ${version}`)
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function desk(plugins: Record<string, string>) {
  const server = await startTestServer()
  const route = server.file('/marketplace.zip', await archive(plugins), {etag: '"one"'})
  const workspace = await tempWorkspace({server: server.origin})
  const {home, root} = workspace
  const bin = join(home, 'bin')
  await installClaudeStub(bin)
  const path = `${bin}:${dirname(process.execPath)}`
  const env = {HOME: home, AGNES_TOKEN: 'token', AGNES_SERVER: server.origin}
  const run = (argv: string[] = [], more: {tty?: boolean; env?: Record<string, string>} = {}) =>
    runCli(['marketplace', 'refresh', ...argv], {
      tty: more.tty ?? false,
      env: {...env, ...more.env},
      currentDir: root,
      programs: nodePrograms({PATH: path}),
    })
  return {
    server,
    home,
    bin,
    run,
    publish: async (next: Record<string, string>, etag: string) =>
      route.replace(await archive(next), etag),
    state: async () => JSON.parse(await readFile(join(bin, 'state.json'), 'utf8')),
    change: async (fields: object) => {
      const state = JSON.parse(await readFile(join(bin, 'state.json'), 'utf8'))
      await writeFile(join(bin, 'state.json'), JSON.stringify({...state, ...fields}))
    },
    log: async () => (await readFile(join(bin, 'log'), 'utf8')).trim().split('\n'),
  }
}

describe('agnes marketplace refresh', () => {
  it('installs what is new with an explicit scope, on a terminal', async () => {
    const {run, log, home} = await desk({alpha: '1.0.0'})
    const {exitCode, stdout, stderr} = await run([], {tty: true})
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /offers you 1 plugin\.\n {2}installed {2}alpha {2}1\.0\.0\n.*\/reload-plugins/,
    )
    const shelf = join(home, '.config/agnes/marketplaces')
    expect(await log()).toEqual([
      'list --json',
      'marketplace list --json',
      expect.stringMatching(new RegExp(`^marketplace add ${shelf}/\\S+ --scope local$`)),
      'install alpha@agnes --scope project',
      'list --json',
    ])
  })

  it('says the same in a pipe with tabs, and as one document with --json', async () => {
    const {run, publish} = await desk({alpha: '1.0.0', beta: '1.0.0'})
    const check = await run(['--check'])
    expect([check.exitCode, check.stdout]).toEqual([
      0,
      'install\talpha\t\t1.0.0\ninstall\tbeta\t\t1.0.0\n',
    ])
    await run()
    await publish({alpha: '2.0.0'}, '"two"')
    const {json, exitCode} = await run(['--json'])
    expect(exitCode).toBe(0)
    expect(Object.keys(json)).toEqual([
      'workspace',
      'server',
      'transport',
      'isCheck',
      'isNew',
      'offered',
      'refused',
      'plugins',
      'kept',
      'hasClaude',
      'ok',
    ])
    expect(json).toMatchObject({
      isNew: true,
      offered: [{name: 'alpha', version: '2.0.0'}],
      plugins: [
        {action: 'update', name: 'alpha', from: '1.0.0', to: '2.0.0', state: 'done', reason: null},
        {action: 'remove', name: 'beta', from: '1.0.0', to: null, state: 'done', reason: null},
      ],
      ok: true,
    })
  })

  it('writes nothing with --check', async () => {
    const {run, home} = await desk({alpha: '1.0.0'})
    const before = await snapshotTree(join(home, '.config'))
    await run(['--check'])
    expect(await snapshotTree(join(home, '.config'))).toEqual(before)
  })

  it('asks with the ETag, and does nothing when nothing changed', async () => {
    const {run, server, log} = await desk({alpha: '1.0.0'})
    await run()
    const {json} = await run(['--json'])
    expect(json).toMatchObject({isNew: false, plugins: []})
    expect(server.requests.at(-1)!.headers['if-none-match']).toBe('"one"')
    expect((await log()).slice(5)).toEqual(['list --json', 'marketplace list --json'])
  })

  it('installs again what somebody removed, and registers again what the client forgot', async () => {
    const {run, change} = await desk({alpha: '1.0.0'})
    await run()
    await change({plugins: [], path: undefined})
    expect((await run(['--json'])).json.plugins).toMatchObject([{action: 'install', state: 'done'}])
  })

  it.each([
    ['an empty offer', async () => archive({}), 0],
    ['an archive that is none', async () => Buffer.from('<html>'), 10],
    ['a manifest that is none', async () => forgedManifest(), 10],
  ])('removes nothing on %s', async (_name, bytes, code) => {
    const {run, state, server} = await desk({alpha: '1.0.0'})
    await run()
    const before = await state()
    const route = server.file('/marketplace.zip', await bytes(), {etag: '"bad"'})
    expect(route.asked).toBe(0)
    const {exitCode, stderr} = await run()
    expect([exitCode, (await state()).plugins]).toEqual([code, before.plugins])
    expect(stderr).toMatch(
      code === 0 ? /nothing was removed; installed are alpha/ : /Nothing was changed/,
    )
  })

  it.each([[], ['--check'], ['--git']])(
    'refuses another server than the one the workspace belongs to (%s)',
    async (...argv) => {
      const {run, server, home, log} = await desk({alpha: '1.0.0'})
      const other = await startTestServer()
      const before = await snapshotTree(join(home, '.config'))
      const env = {AGNES_SERVER: other.origin}
      const {exitCode, json} = await run([...argv, '--json'], {env})
      expect([exitCode, json.error]).toMatchObject([
        6,
        {code: 'other_server', details: {server: server.origin, asked: other.origin}},
      ])
      expect(json.error.hint).toBe(
        'Nothing was changed. Unset AGNES_SERVER, then run: agnes marketplace refresh',
      )
      expect([server.requests, other.requests, await log()]).toEqual([[], [], ['']])
      expect(await snapshotTree(join(home, '.config'))).toEqual(before)
    },
  )

  it('goes on after a plugin that fails, says which, and ends with 12', async () => {
    const {run, change, state} = await desk({alpha: '1.0.0', beta: '1.0.0'})
    await change({broken: 'alpha@agnes'})
    const {exitCode, json} = await run(['--json'])
    expect(exitCode).toBe(12)
    expect(json).toMatchObject({ok: false, plugins: [{state: 'failed'}, {state: 'done'}]})
    expect(json.plugins[0].reason).toContain('it will not')
    expect((await state()).plugins).toMatchObject([{id: 'beta@agnes'}])
  })

  it('counts a plugin as failed that is installed and switched off', async () => {
    const {run, change} = await desk({alpha: '1.0.0'})
    await change({off: 'alpha@agnes'})
    const {exitCode, json} = await run(['--json'])
    expect([exitCode, json.plugins]).toMatchObject([12, [{name: 'alpha', state: 'failed'}]])
    expect(json.plugins[0].reason).toContain('has version 1.0.0, switched off')
  })

  it('keeps its hands off when the client cannot be understood', async () => {
    const {run, change, log} = await desk({alpha: '1.0.0'})
    await change({plugins: {}})
    const {exitCode, json} = await run(['--json'])
    expect([exitCode, json.error.code]).toEqual([9, 'claude_unreadable'])
    expect(await log()).toEqual(['list --json'])
  })

  it('fetches the plugins and says so where Claude Code is not installed', async () => {
    const {run, bin} = await desk({alpha: '1.0.0'})
    await rm(join(bin, 'claude'))
    const {exitCode, stderr, stdout} = await run()
    expect([exitCode, stdout]).toEqual([0, ''])
    expect(stderr).toContain('`claude` was not found')
  })

  it.each(recordedVersions)('replays what %s answered', async (version) => {
    const {run, server, state, change} = await desk({})
    await change({plugins: [{id: 'x@agnes', version: '1', scope: 'project'}]})
    const exchange = (label: string) =>
      recorded(version).find((one) => one.label === `marketplace: ${label}`)!.response
    const {headers} = exchange('zip')
    const body = await archive({})
    const etag = headers.etag!
    const whole = {status: 200, headers: {etag, 'content-type': headers['content-type']!}, body}
    const same = {status: exchange('zip 304').status, headers: {etag}}
    server.on('GET', '/marketplace.zip', ({headers: asked}) =>
      asked['if-none-match'] === etag ? same : whole,
    )
    for (const isNew of [true, false])
      expect((await run(['--json'])).json).toMatchObject({isNew, offered: [], plugins: []})
    expect((await state()).plugins).toHaveLength(1)
  })
})

async function forgedManifest(): Promise<Buffer> {
  const zip = new ZipFile()
  zip.addBuffer(Buffer.from('{"plugins": 3}'), '.claude-plugin/marketplace.json')
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
