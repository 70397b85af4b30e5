import {mkdtemp, readFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Client} from '@modelcontextprotocol/client'
import {StdioClientTransport} from '@modelcontextprotocol/client/stdio'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {failureOf, greet, startMcp} from '../support/mcp-client.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {removeFolder} from '../support/temp-dir.js'

let home: string
let root: string
let server: EmbeddedServer
const bin = join(repositoryRoot, 'bin/run.js')

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'agnes-test-mcp-'))
  root = join(home, 'ws')
  server = await startEmbeddedServer({dir: join(home, 'data'), demo: true, isShared: true})
  const argv = ['init', root, '--server-url', server.url, '--token-stdin', '--json']
  const made = await runCli(argv, {env: {HOME: home}, stdin: server.analystToken})
  expect(made.exitCode).toBe(0)
}, 120_000)
afterAll(async () => {
  await server?.close()
  await removeFolder(home)
})

function start(mode: string, env: Record<string, string> = {}) {
  const settings = {HOME: home, AGNES_TOKEN_RENEW_DAYS: '0', ...env}
  return startMcp(['--mode', mode, '--workspace', root], settings)
}

const part = {
  table: 'web_sessions',
  select: ['country_code', 'device'],
  where: "country_code = 'CZ'",
  name: 'cz',
}

describe('agnes mcp over a real pipe', () => {
  it('goes from a question to a snapshot within the rails, and the journal shows each step', async () => {
    const mcp = start('snapshot')
    // Other tests leave lines of their own in the workspace's journal.
    const since = new Date().toISOString()
    expect(await greet(mcp)).toMatchObject({protocolVersion: '2025-11-25'})
    expect((await mcp.ask('catalog', {search: 'sessions'})).tables).toHaveLength(1)
    expect((await mcp.ask('schema', {table: 'web_sessions'})).partitionBy).toBe('event_date')
    expect((await mcp.ask('describe', {table: 'orders', rows: 2})).rows).toHaveLength(2)
    expect((await mcp.ask('sample', {table: 'orders', rows: 3})).rows).toHaveLength(3)
    expect((await mcp.ask('metrics', {id: 'revenue/mrr'})).metrics[0].id).toBe('revenue/mrr')
    expect((await mcp.ask('why', {table: 'orders'})).verdict).toBe('local')
    expect((await mcp.ask('status')).tables.length).toBeGreaterThan(3)

    const sql = 'SELECT count(*) AS n FROM web_sessions'
    expect(failureOf(await mcp.call('query', {sql})).hint).toMatch(/estimate/)
    const remote = {sql, scope: 'remote', reason: 'how many visits'}
    expect(failureOf(await mcp.call('query', remote)).code).toBe('handle_missing')
    const {handle} = await mcp.ask('estimate', {sql})
    const other = {...remote, sql: `${sql} WHERE true`, handle}
    expect(failureOf(await mcp.call('query', other)).code).toBe('handle_other_request')
    expect((await mcp.ask('query', {...remote, handle})).rows).toEqual([[300000]])
    expect(failureOf(await mcp.call('query', {...remote, handle})).code).toBe('handle_used')

    const look = await mcp.ask('estimate', part)
    const unsaid = await mcp.call('snapshot_create', {...part, handle: look.handle})
    expect(failureOf(unsaid).code).toBe('reason_missing')
    const kept = {...part, handle: look.handle, reason: 'keep'}
    expect((await mcp.ask('snapshot_create', kept)).rows).toBeGreaterThan(1000)
    expect((await mcp.ask('query', {sql: 'SELECT count(*) > 0 FROM cz'})).rows).toEqual([[true]])
    expect((await mcp.ask('pull', {plan: true})).ok).toBe(true)
    const listed = await mcp.ask('snapshot_list', {name: 'cz'})
    const drop = {name: 'cz', handle: listed.handle, reason: 'done with it'}
    expect((await mcp.ask('snapshot_drop', drop)).dropped).toHaveLength(1)

    const journal = `SELECT action, result, why, who FROM agnes_journal WHERE decided_at >= '${since}' ORDER BY decided_at`
    const who = expect.any(String)
    expect((await mcp.ask('query', {sql: journal})).rows).toEqual([
      ['query', 'done', 'how many visits', who],
      ['snapshot_create', 'done', 'keep', who],
      ['pull', 'done', null, who],
      ['snapshot_drop', 'done', 'done with it', who],
    ])
    mcp.closeInput()
    expect(await mcp.ended).toEqual({exitCode: 0, signal: null})
    expect(mcp.stdout()).not.toContain(server.analystToken)
    expect(mcp.stderr()).toBe('')
    const run = {env: {HOME: home}, currentDir: root}
    const out = join(home, 'journal.parquet')
    expect((await runCli(['journal', '--out', out, '--json'], run)).json).toMatchObject({
      total: expect.any(Number),
      out,
    })
    expect((await runCli(['journal'], run)).stdout).toContain('snapshot_drop')
  }, 120_000)

  it('writes nothing but frames, also with debug logs and failing tools, and ends with SIGTERM', async () => {
    const mcp = start('read', {AGNES_DEBUG: '1'})
    await greet(mcp)
    await mcp.call('schema', {table: 'no such'})
    await mcp.call('nothing')
    expect(failureOf(await mcp.call('snapshot_drop', {name: 'x'})).code).toBe('tool_not_in_mode')
    expect(failureOf(await mcp.call('query', {sql: 'DROP TABLE orders'})).code).toBe('not_a_query')
    const {error} = await mcp.request('no/such')
    expect(error.code).toBe(-32601)
    mcp.kill('SIGTERM')
    expect(await mcp.ended).toEqual({exitCode: 0, signal: null})
    for (const line of mcp.stdout().trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({jsonrpc: '2.0'})
  }, 120_000)

  it('stops a query when its client cancels it, and tells progress meanwhile', async () => {
    const mcp = start('read')
    await greet(mcp)
    const sql = 'SELECT sum(sqrt(a.range * b.range)) FROM range(10000000) a, range(10000000) b'
    void mcp.request(
      'tools/call',
      {name: 'query', arguments: {sql}, _meta: {progressToken: 'p'}},
      'q',
    )
    await expect
      .poll(() => mcp.frames.some(({params}) => params?.progressToken === 'p'), {timeout: 60_000})
      .toBe(true)
    mcp.send({method: 'notifications/cancelled', params: {requestId: 'q'}})
    expect((await mcp.ask('query', {sql: 'SELECT 42'})).rows).toEqual([[42]])
    expect(mcp.frames.some(({id}) => id === 'q')).toBe(false)
    mcp.closeInput()
    expect((await mcp.ended).exitCode).toBe(0)
  }, 120_000)

  it('stops a query that floods memory, and lives on', async () => {
    const mcp = start('read', {AGNES_QUERY_MEMORY_MB: '64'})
    await greet(mcp)
    const sql = "SELECT repeat('x', 100000000) FROM range(100)"
    expect(failureOf(await mcp.call('query', {sql})).code).toBe('query_too_big')
    expect((await mcp.ask('query', {sql: 'SELECT 42'})).rows).toEqual([[42]])
  }, 120_000)
})

describe('clients of both eras', () => {
  it.each(['legacy', 'auto'] as const)(
    'serves the official client, mode %s',
    async (mode) => {
      const client = new Client({name: 'official', version: '1'}, {versionNegotiation: {mode}})
      const args = [bin, 'mcp', '--mode', 'admin', '--workspace', root]
      const env = {PATH: process.env.PATH ?? '', HOME: home, AGNES_NO_KEYCHAIN: '1'}
      await client.connect(new StdioClientTransport({command: process.execPath, args, env}))
      try {
        expect(client.getNegotiatedProtocolVersion()).toBe(
          mode === 'legacy' ? '2025-11-25' : '2026-07-28',
        )
        const {tools} = await client.listTools()
        expect(tools).toHaveLength(15)
        const answer = await client.callTool({name: 'query', arguments: {sql: 'SELECT 1 AS one'}})
        expect(answer.structuredContent).toMatchObject({rows: [[1]]})
        const {contents} = await client.readResource({uri: 'agnes://catalog'})
        expect(JSON.parse((contents[0] as {text: string}).text).tables.length).toBeGreaterThan(3)
        const prompt = await client.getPrompt({
          name: 'answer_from_data',
          arguments: {question: 'Why?'},
        })
        expect(JSON.stringify(prompt.messages)).toContain('The question: Why?')
      } finally {
        await client.close()
      }
    },
    120_000,
  )
})

describe('grants in admin mode', () => {
  it('applies what was planned, once, and writes it down', async () => {
    const env = {AGNES_TOKEN: server.adminToken, AGNES_SERVER: server.url}
    const mcp = start('admin', env)
    await greet(mcp)
    const wanted = {action: 'grant', group: 'Everyone', resource: 'customer_contacts'}
    const groups = await server.call('GET', '/api/admin/groups')
    const group = groups.body.find(({name}: {name: string}) => name !== 'Admin').name
    const plan = await mcp.ask('grant_plan', {...wanted, group})
    const apply = {...wanted, group, reason: 'asked for', handle: plan.handle}
    expect((await mcp.ask('grant_apply', apply)).changes).toHaveLength(plan.isChange ? 1 : 0)
    expect(failureOf(await mcp.call('grant_apply', apply)).code).toBe('handle_used')
    const text = await readFile(join(root, '.claude/agnes/journal.ndjson'), 'utf8')
    expect(text).toContain('grant_apply')
    expect(text).not.toContain(server.adminToken)
  }, 120_000)
})
