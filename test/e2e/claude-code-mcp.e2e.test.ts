import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {claudeHome, installClaudeCode, type ClaudeCode} from '../support/claude-code.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {startMessagesApi} from '../support/messages-api.js'
import {repositoryRoot} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

let client: ClaudeCode

beforeAll(async () => {
  client = await installClaudeCode()
}, 300_000)
afterAll(() => client?.remove())

it('the real Claude Code answers a question with catalog, schema and query through .mcp.json', async () => {
  const home = await tempDir()
  const data = join(home, 'data')
  await mkdir(data, {recursive: true})
  await writeFile(join(data, 'orders.csv'), 'id,amount\n1,10\n2,20\n')
  const server = await startEmbeddedServer({dir: data})
  await server.grant('orders')
  const api = await startMessagesApi([
    {tool: 'mcp__agnes__catalog', input: {search: 'order'}},
    {tool: 'mcp__agnes__schema', input: {table: 'orders'}},
    {tool: 'mcp__agnes__query', input: {sql: 'SELECT sum(amount) AS total FROM orders'}},
    'The orders come to 30.',
  ])
  const programs = {
    claude: client.program,
    agnes: join(repositoryRoot, 'bin/run.js'),
    apiUrl: api.url,
  }
  const {claude, agnes} = await claudeHome(home, programs)
  const init = ['init', 'ws', '--server-url', server.url, '--token-stdin', '--json']
  expect((await agnes(home, init, server.analystToken)).exitCode).toBe(0)
  const workspace = join(home, 'ws')
  expect((await agnes(workspace, ['mcp', 'install', '--mode', 'read'])).exitCode).toBe(0)
  await writeFile(
    join(workspace, '.claude/settings.local.json'),
    JSON.stringify({enabledMcpjsonServers: ['agnes'], permissions: {allow: ['mcp__agnes']}}),
  )
  const said = await claude(workspace, '-p', 'What do the orders come to?')
  expect([said.exitCode, said.stdout.trim()]).toEqual([0, 'The orders come to 30.'])
  expect(api.turns[0]!.tools.filter((name) => name.startsWith('mcp__agnes__'))).toHaveLength(10)
  expect(api.turns[1]!.toolResults.at(-1)).toContain('"name":"orders"')
  expect(api.turns[2]!.toolResults.at(-1)).toContain('"name":"amount"')
  expect(api.turns[3]!.toolResults.at(-1)).toContain('30')
  expect(api.turns[0]!.text).toContain('not instructions')
}, 180_000)
