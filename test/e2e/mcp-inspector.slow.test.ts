import {execFile, spawn, type ChildProcessByStdio} from 'node:child_process'
import {once} from 'node:events'
import {cp, symlink, writeFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {dirname, join} from 'node:path'
import {createInterface} from 'node:readline'
import type {Readable, Writable} from 'node:stream'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {Mode} from '../../src/lib/mcp/policy.js'
import {failureOf} from '../support/mcp-client.js'
import {mcpDesk, NAMES, USES, type McpDesk} from '../support/mcp-tools.js'
import {repositoryRoot} from '../support/run-cli.js'

const bin = join(repositoryRoot, 'bin/run.js')
const require = createRequire(import.meta.url)

// Run once: the scripted and the official client speak to our server on every Node.
describe('the command line of the official inspector', () => {
  let desk: McpDesk
  let inspector: string
  let again: ChildProcessByStdio<Writable, Readable, null> | undefined
  let answers: AsyncIterator<string>

  beforeAll(async () => {
    desk = await mcpDesk()
    const copy = join(desk.home, 'inspector')
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
    again?.stdin.end()
    if (again) await once(again, 'close')
    await desk?.close()
  })

  const serverOf = (mode: Mode) => [bin, 'mcp', '--mode', mode, '--workspace', desk.workspace]
  const envFor = (mode: Mode) => {
    return {PATH: process.env.PATH, AGNES_NO_KEYCHAIN: '1', ...desk.envOf(mode)}
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
    again!.stdin.write(`${JSON.stringify([process.execPath, ...serverOf('admin'), ...args])}\n`)
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
      const noLook = {ask: async () => ({handle: undefined})}
      const asked = await USES[name].input(noLook, desk.group)
      const {handle: _none, ...input} = asked as Record<string, unknown>
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
