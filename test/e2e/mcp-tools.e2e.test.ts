import {execFile, spawn, type ChildProcessByStdio} from 'node:child_process'
import {once} from 'node:events'
import {cp, mkdtemp, symlink, writeFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {createInterface} from 'node:readline'
import type {Readable, Writable} from 'node:stream'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {isAllowed, MODES, POLICY, type Mode, type ToolName} from '../../src/lib/mcp/policy.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {failureOf, greet, startMcp, type McpProcess} from '../support/mcp-client.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {removeFolder} from '../support/temp-dir.js'

let home: string
let root: string
let server: EmbeddedServer
let group: string
const bin = join(repositoryRoot, 'bin/run.js')
const require = createRequire(import.meta.url)

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'agnes-test-mcp-tools-'))
  root = join(home, 'ws')
  server = await startEmbeddedServer({dir: join(home, 'data'), demo: true, isShared: true})
  const argv = ['init', root, '--server-url', server.url, '--token-stdin', '--json']
  const made = await runCli(argv, {env: {HOME: home}, stdin: server.analystToken})
  expect(made.exitCode).toBe(0)
  const groups = await server.call('GET', '/api/admin/groups')
  group = groups.body.find(({name}: {name: string}) => name !== 'Admin').name
}, 120_000)
afterAll(async () => {
  await server?.close()
  await removeFolder(home)
})

const sql = 'SELECT count(*) AS n FROM web_sessions'
const part = {table: 'web_sessions', select: ['device'], where: "country_code = 'CZ'", name: 'cz'}
const wanted = () => ({action: 'grant', group, resource: 'customer_contacts'})

/** Looks where the rails ask for it, and the same arguments with its handle. */
async function looked(mcp: McpProcess, look: ToolName, asked: object, input: object = asked) {
  const {handle} = await mcp.ask(look, asked)
  return {...input, handle, reason: 'the table of all tools'}
}

/** How each tool is driven, and where `proof` is found in what it answers. */
const USES: Record<ToolName, {input(mcp: McpProcess): object | Promise<object>; proof: string}> = {
  catalog: {input: () => ({search: 'sessions'}), proof: '"scope":"remote"'},
  schema: {input: () => ({table: 'web_sessions'}), proof: '"partitionBy":"event_date"'},
  describe: {input: () => ({table: 'orders', rows: 2}), proof: '"rowColumns":['},
  sample: {input: () => ({table: 'orders', rows: 3}), proof: '"totalRows":'},
  metrics: {input: () => ({id: 'revenue/mrr'}), proof: '"id":"revenue/mrr"'},
  estimate: {input: () => ({sql}), proof: '"handle":"look_'},
  query: {
    input: (mcp) => looked(mcp, 'estimate', {sql}, {sql, scope: 'remote'}),
    proof: '"rows":[[300000]]',
  },
  status: {input: () => ({}), proof: '"signedIn":{'},
  why: {input: () => ({table: 'orders'}), proof: '"verdict":"local"'},
  snapshot_create: {input: (mcp) => looked(mcp, 'estimate', part), proof: '"name":"cz"'},
  snapshot_list: {input: () => ({}), proof: '"snapshots":['},
  snapshot_drop: {
    input: (mcp) => looked(mcp, 'snapshot_list', {name: 'cz'}),
    proof: '"dropped":[{',
  },
  pull: {input: () => ({reason: 'the table of all tools'}), proof: '"ok":true'},
  grant_plan: {input: wanted, proof: '"handle":"look_'},
  grant_apply: {input: (mcp) => looked(mcp, 'grant_plan', wanted()), proof: '"changes":['},
}
/** In an order in which each has what it needs. */
const NAMES = Object.keys(USES) as ToolName[]

function envOf(mode: Mode): Record<string, string> {
  const env = {HOME: home, AGNES_TOKEN_RENEW_DAYS: '0'}
  if (mode !== 'admin') return env
  return {...env, AGNES_TOKEN: server.adminToken, AGNES_SERVER: server.url}
}

describe.each(MODES)('a scripted client in mode %s', (mode) => {
  it('drives every tool of the mode, and is told of every other one', async () => {
    expect(NAMES.toSorted()).toEqual(Object.keys(POLICY).sort())
    const mcp = startMcp(['--mode', mode, '--workspace', root], envOf(mode))
    await greet(mcp)
    const {tools} = (await mcp.request('tools/list')).result
    expect(JSON.stringify(tools).length / 3).toBeLessThan(4_000)
    const outcomes: Record<string, string> = {}
    for (const name of NAMES) {
      const {input, proof} = USES[name]
      if (!isAllowed(name, mode)) {
        expect(failureOf(await mcp.call(name, {})).code, name).toBe('tool_not_in_mode')
        continue
      }
      const result = await mcp.call(name, await input(mcp))
      expect(result.content[0].text, name).toContain(proof)
      const {outputSchema} = tools.find((tool: {name: string}) => tool.name === name)
      for (const field of outputSchema.required)
        expect(Object.keys(result.structuredContent), name).toContain(field)
      outcomes[name] = 'answered'
    }
    expect(Object.keys(outcomes).sort()).toEqual(
      tools.map(({name}: {name: string}) => name).toSorted(),
    )
    expect(mcp.stderr()).toBe('')
  }, 120_000)
})

describe('the command line of the official inspector', () => {
  let inspector: string
  let again: ChildProcessByStdio<Writable, Readable, null>
  let answers: AsyncIterator<string>

  beforeAll(async () => {
    const copy = join(home, 'inspector')
    const cli = dirname(dirname(require.resolve('@modelcontextprotocol/inspector-cli')))
    await cp(cli, join(copy, 'cli'), {recursive: true})
    await symlink(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'))
    // The package reads its version from the repository it is built in.
    await writeFile(join(copy, 'package.json'), '{"name": "inspector", "version": "1.0.3"}')
    inspector = join(copy, 'cli/build/cli.js')
    const script = join(repositoryRoot, 'test/support/inspector-again.js')
    again = spawn(process.execPath, [script, join(copy, 'cli/build/index.js')], {
      env: envFor('admin'),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    answers = createInterface({input: again.stdout})[Symbol.asyncIterator]()
  })
  afterAll(async () => {
    again.stdin.end()
    await once(again, 'close')
  })

  const serverOf = (mode: Mode) => [bin, 'mcp', '--mode', mode, '--workspace', root]
  const envFor = (mode: Mode) => {
    return {PATH: process.env.PATH, AGNES_NO_KEYCHAIN: '1', ...envOf(mode)}
  }

  it.each([
    ['read', 10],
    ['snapshot', 13],
    ['admin', 15],
  ] as const)(
    'lists the tools of mode %s',
    async (mode, count) => {
      const list = ['--method', 'tools/list']
      const target = [inspector, '--cli', process.execPath, ...serverOf(mode), ...list]
      const env = envFor(mode)
      const {stdout} = await promisify(execFile)(process.execPath, target, {env})
      expect(JSON.parse(stdout).tools).toHaveLength(count)
    },
    120_000,
  )

  /** What its launcher would run, in a process of all calls: to start it costs more than the call. */
  async function inspect(...args: string[]) {
    again.stdin.write(`${JSON.stringify([process.execPath, ...serverOf('admin'), ...args])}\n`)
    const {value, done} = await answers.next()
    if (done) throw new Error('the inspector has ended')
    const {exitCode, stdout, stderr} = JSON.parse(value)
    expect([exitCode, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }

  /** A handle lives in one server, and the inspector starts one for each call. */
  const HANDLED: readonly string[] = ['snapshot_create', 'snapshot_drop', 'grant_apply']

  it.each(NAMES)(
    'drives %s',
    async (name) => {
      const noLook = {ask: async () => ({handle: undefined})} as unknown as McpProcess
      const {handle: _none, ...input} = (await USES[name].input(noLook)) as Record<string, unknown>
      const given = name === 'query' ? {sql: 'SELECT 300000'} : input
      const words = Object.entries(given).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      const more = words.length === 0 ? [] : ['--tool-arg', ...words]
      const result = await inspect('--method', 'tools/call', '--tool-name', name, ...more)
      if (HANDLED.includes(name)) expect(failureOf(result).code).toBe('handle_missing')
      else expect(result.content[0].text).toContain(USES[name].proof)
    },
    120_000,
  )
})
