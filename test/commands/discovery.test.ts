import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {fakeToken} from '../support/fake-agnes.js'
import {noon, startDiscoveryServer, type DiscoveryServer} from '../support/discovery-server.js'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

const SESSIONS = {
  id: 'web sessions/eu',
  name: 'web_sessions',
  description: 'Visits',
  source_type: 'bigquery',
  query_mode: 'remote',
  sql_flavor: 'bigquery',
  where_examples: ["day >= DATE '2026-01-01'"],
  fetch_via: 'anything',
  rough_size_hint: 'very_large',
  rows: 225_000_000,
  size_bytes: 98_123_456_789,
  partition_by: 'day',
  clustered_by: ['country'],
}
const ORDERS = {id: 'orders', name: 'orders', query_mode: 'local', description: 'Orders'}
const REPORT = {id: 'report', name: 'report', query_mode: 'materialized', server_only: true}
const SCHEMA = {
  table_id: 'web sessions/eu',
  source_type: 'bigquery',
  sql_flavor: 'bigquery',
  columns: [
    {name: 'day', type: 'DATE', nullable: false, description: 'UTC day'},
    {name: 'id', type: 'INT64', nullable: true, description: ''},
  ],
  partition_by: 'day',
  clustered_by: ['country'],
  where_dialect_hints: {date_literal: "DATE '2026-01-01'"},
}
const SAMPLE =
  '{"table_id":"web sessions/eu","source":"bigquery","rows":[' +
  '{"day":"2026-01-02T00:00:00","id":9007199254740993},{"day":"NaT","id":7}]}'

interface Setting {
  server: DiscoveryServer
  workspace: QueryWorkspace
  run(argv: string[], options?: object): ReturnType<QueryWorkspace['run']>
}

async function setting(
  tables: object[] = [SESSIONS, ORDERS, REPORT],
  state: object = {},
): Promise<Setting> {
  const server = await startDiscoveryServer()
  server.json('/api/v2/catalog', {tables, server_time: 'x'}).optional()
  server.json('/api/v2/schema/web sessions/eu', SCHEMA).optional()
  server.on('GET', '/api/v2/sample/web sessions/eu', () => ({status: 200, body: SAMPLE})).optional()
  const workspace = await queryWorkspace({
    tables: {orders: 'SELECT i AS id, i % 3 AS kind FROM range(10) t(i)'},
    state: {
      server: server.origin,
      listed: [{name: 'web_sessions', queryMode: 'remote', reason: 'remote'}],
      ...state,
    },
  })
  const env = {HOME: workspace.home, ...server.env}
  const run = (argv: string[], options: object = {}) =>
    workspace.run(argv, {env, clock: noon(), ...options})
  return {server, workspace, run}
}

describe('a table that nobody can be asked about', () => {
  const LAST = {lastSuccessAt: '2026-01-30T06:00:00.000Z'}

  it.each(['describe', 'schema', 'sample', 'explore'])(
    'is a wrong name for %s when the last pull or the remembered catalog knows all names',
    async (command) => {
      const {server, run} = await setting()
      await run(['catalog'])
      await server.close()
      const {json, exitCode} = await run([command, 'web_sesions', '--json'])
      expect([exitCode, json.error.code]).toEqual([4, 'table_not_found'])
      expect(json.error.message).toContain(
        'listed no table web_sesions on 2026-01-31T12:00:00.000Z',
      )
      expect(json.error.hint).toContain('web_sessions')
    },
  )

  it('is a wrong name by what the last pull saw, without a catalog', async () => {
    const server = await startDiscoveryServer()
    const workspace = await queryWorkspace({
      tables: {orders: 'SELECT 1 AS id'},
      state: {server: server.origin, ...LAST},
    })
    await server.close()
    const env = {HOME: workspace.home, ...server.env}
    const {json, exitCode} = await workspace.run(['describe', 'ordres', '--json'], {env})
    expect([exitCode, json.error.details.similar]).toEqual([4, ['orders']])
    expect(json.error.message).toContain(LAST.lastSuccessAt)
  })

  it('keeps the failure, and says what is known, when the name was listed', async () => {
    const {server, run} = await setting()
    await run(['catalog'])
    await server.close()
    const {json, exitCode} = await run(['describe', 'web_sessions', '--json'])
    expect([exitCode, json.error.code]).toEqual([9, 'unreachable'])
    expect(json.error.message).toContain('the server listed web_sessions; more is not known here')
  })

  it('keeps the failure when nothing was ever known', async () => {
    const {server, run} = await setting([SESSIONS], {lastSuccessAt: null})
    await server.close()
    expect((await run(['describe', 'anything'])).exitCode).toBe(9)
  })
})

describe('agnes catalog', () => {
  it('names the command that answers for each kind of table', async () => {
    const {run} = await setting()
    const {json} = await run(['catalog', '--json'])
    expect(json.tables.map(({name, commands}: any) => [name, commands])).toEqual([
      ['web_sessions', ['agnes query --remote "SELECT count(*) FROM web_sessions"']],
      ['orders', ['agnes query "FROM orders LIMIT 10"']],
      ['report', ['agnes query --remote "SELECT count(*) FROM report"']],
    ])
    expect(json.tables[0]).toMatchObject({
      partitionBy: 'day',
      clusteredBy: ['country'],
      notLocalBecause: 'remote',
      local: null,
    })
    expect(json.tables[1].local).toMatchObject({
      state: 'ok',
      installedAt: '2026-01-31T09:00:00.000Z',
    })
  })

  it.each([
    [['--search', 'VISIT'], ['web_sessions']],
    [['--mode', 'materialized'], ['report']],
    [['--mode', 'local', '--search', 'nothing'], []],
  ])('keeps what fits %j', async (flags, names) => {
    const {run} = await setting()
    const {json} = await run(['catalog', ...flags, '--json'])
    expect(json.tables.map(({name}: any) => name)).toEqual(names)
    expect(json.total).toBe(3)
  })

  it('calls a table damaged whose file is gone', async () => {
    const {run, workspace} = await setting()
    await workspace.files.remove('server/parquet/orders.parquet')
    const {json} = await run(['catalog', '--search', 'orders', '--json'])
    expect(json.tables[0].local.state).toBe('damaged')
    expect(json.tables[0].commands).toEqual(['agnes verify --repair'])
  })

  it('prints no command for a name that means something to a shell', async () => {
    const {run} = await setting([{id: 'x', name: 'a"; rm -rf "$HOME', query_mode: 'local'}])
    expect((await run(['catalog', '--json'])).json.tables[0].commands).toEqual([])
  })

  it('shows no escape sequence of a server', async () => {
    const hostile = '\u001B[31mred\u001B]0;title\u0007\u202Eevil\nline'
    const {run, server} = await setting([{id: hostile, name: hostile, description: hostile}])
    server.json('/api/metrics', {metrics: [{id: hostile, category: hostile, description: hostile}]})
    for (const argv of [['catalog'], ['catalog', '--metrics']])
      for (const tty of [true, false]) {
        const {stdout} = await run(argv, {tty, env: {...(await envOf(server)), NO_COLOR: '1'}})
        // eslint-disable-next-line no-control-regex -- what must not be there
        expect(stdout).not.toMatch(/[\u001B\u0007\u202E]/)
      }
  })

  it('works without a workspace, and writes nothing', async () => {
    const server = await startDiscoveryServer()
    server.json('/api/v2/catalog', {tables: [ORDERS]})
    const home = await tempDir()
    const {json, exitCode} = await runCli(['catalog', '--json'], {
      env: {HOME: home, ...server.env},
      currentDir: home,
    })
    expect(exitCode).toBe(0)
    expect(json).toMatchObject({
      workspace: null,
      cached: null,
      tables: [{name: 'orders', local: null}],
    })
    expect(await readdir(home)).toEqual([])
  })

  it('joins nothing of a workspace that belongs to another server', async () => {
    const {run, workspace} = await setting()
    const other = await startDiscoveryServer()
    other.json('/api/v2/catalog', {tables: [ORDERS]})
    const env = {HOME: workspace.home, ...other.env}
    const {json} = await run(['catalog', '--json'], {env})
    expect(json.tables[0].local).toBeNull()
    expect(json.warnings[0]).toMatch(/came from http/)
  })

  it.each([
    [401, 7],
    [403, 8],
    [429, 3],
    [500, 5],
  ])('ends a %i with exit code %i', async (status, exitCode) => {
    const {run, server} = await setting()
    server.on('GET', '/api/v2/catalog', () => ({status, body: {detail: 'no'}}))
    for (const argv of [['catalog'], ['catalog', '--json']])
      expect((await run(argv)).exitCode).toBe(exitCode)
  })

  it('refuses a mode together with metrics', async () => {
    const {run} = await setting()
    expect((await run(['catalog', '--metrics', '--mode', 'local'])).exitCode).toBe(2)
  })
})

async function envOf(server: DiscoveryServer): Promise<Record<string, string>> {
  return {HOME: await tempDir(), ...server.env}
}

describe('what the server said last', () => {
  it('answers with its age when the server is gone', async () => {
    const {run, server} = await setting()
    await run(['catalog'])
    await run(['schema', 'web_sessions'])
    await server.close()
    const {json, exitCode} = await run(['catalog', '--json'])
    expect(exitCode).toBe(0)
    expect(json.cached).toEqual({fetchedAt: '2026-01-31T12:00:00.000Z'})
    expect(json.warnings[0]).toMatch(/did not answer: this is what it said just now/)
    const schema = await run(['schema', 'web_sessions', '--json'])
    expect(schema.json).toMatchObject({
      columnsFrom: 'memory',
      cached: json.cached,
      partitionBy: 'day',
    })
    const text = await run(['catalog'], {tty: true})
    expect(text.stdout).toContain('web_sessions')
    expect(text.stderr).toContain('2026-01-31T12:00:00.000Z')
  })

  it('is shown with --offline without asking', async () => {
    const {run, server} = await setting()
    await run(['catalog'])
    const asked = server.requests.length
    expect((await run(['catalog', '--offline', '--json'])).json.cached).not.toBeNull()
    expect(server.requests.length).toBe(asked)
  })

  it('is an error with --offline when there is nothing', async () => {
    const {run} = await setting()
    const {json, exitCode} = await run(['catalog', '--offline', '--json'])
    expect(exitCode).toBe(4)
    expect(json.error.code).toBe('not_cached')
  })

  it.each([401, 403])('is not shown to whom the server says %i', async (status) => {
    const {run, server} = await setting()
    await run(['catalog'])
    server.on('GET', '/api/v2/catalog', () => ({status, body: {detail: 'no'}}))
    const {stdout, exitCode} = await run(['catalog'])
    expect(exitCode).toBe(status === 401 ? 7 : 8)
    expect(stdout).toBe('')
  })

  it('is forgotten once the server says no', async () => {
    const {run, server} = await setting()
    await run(['schema', 'web_sessions'])
    server.on('GET', '/api/v2/schema/web sessions/eu', () => ({status: 403, body: {detail: 'no'}}))
    expect((await run(['schema', 'web_sessions'])).exitCode).toBe(8)
    await server.close()
    expect((await run(['schema', 'web_sessions', '--json'])).exitCode).toBe(9)
  })

  it.each([
    ['another person', fakeToken({email: 'bo@example.com', exp: 1_900_000_000})],
    ['a token that has ended', fakeToken({email: 'ana@example.com', exp: 1_700_000_000})],
  ])('is not shown to %s', async (_who, token) => {
    const {run, server, workspace} = await setting()
    await run(['catalog'])
    await server.close()
    const env = {HOME: workspace.home, ...server.env, AGNES_TOKEN: token}
    expect((await run(['catalog'], {env})).exitCode).toBe(9)
  })

  it('holds no rows of data', async () => {
    const {run, workspace} = await setting()
    await run(['describe', 'web_sessions'])
    const folder = join(workspace.root, '.claude/agnes/catalog-cache')
    const texts = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    )
    expect(texts.length).toBe(2)
    expect(texts.join('')).not.toContain('9007199254740993')
  })
})

describe('agnes schema, describe and sample', () => {
  it.each([['web_sessions'], ['web sessions/eu'], ['WEB_SESSIONS']])(
    'accepts %s for the table, and asks the server by its id',
    async (typed) => {
      const {run} = await setting()
      const {json} = await run(['schema', typed, '--json'])
      expect(json).toMatchObject({
        id: 'web sessions/eu',
        name: 'web_sessions',
        columnsFrom: 'server',
        whereDialectHints: {date_literal: "DATE '2026-01-01'"},
      })
    },
  )

  it.each([
    [['-n', '2', 'web_sessions']],
    [['web_sessions', '-n', '2']],
    [['--rows=2', 'web_sessions', '--json']],
  ])('takes flags on either side: %j', async (argv) => {
    const {run, server} = await setting()
    expect((await run(['describe', ...argv])).exitCode).toBe(0)
    expect(server.requestsTo('/api/v2/sample/web sessions/eu')[0]!.query.get('n')).toBe('2')
  })

  it('gives the rows of the server exactly, days as days', async () => {
    const {run} = await setting()
    const {json} = await run(['sample', 'web_sessions', '--json'])
    expect(json.sample).toMatchObject({
      from: 'server',
      rows: [
        ['2026-01-02', '9007199254740993'],
        [null, 7],
      ],
    })
  })

  it('gives the rows of the files for a pulled table, and says that the server was not heard', async () => {
    const {run, server} = await setting()
    await server.close()
    const {json, exitCode} = await run(['describe', 'ORDERS', '--json'])
    expect(exitCode).toBe(0)
    expect(json).toMatchObject({
      name: 'orders',
      columnsFrom: 'local',
      columns: [
        {name: 'id', type: 'BIGINT'},
        {name: 'kind', type: 'BIGINT'},
      ],
      sample: {
        from: 'pulled',
        rows: [
          [0, 0],
          [1, 1],
          [2, 2],
          [3, 0],
          [4, 1],
        ],
      },
    })
    expect(json.warnings[0]).toMatch(/server's facts are missing/)
  })

  it('describes a pulled table to somebody who is not signed in', async () => {
    const {run, workspace, server} = await setting()
    const env = {HOME: workspace.home, AGNES_SERVER: server.origin}
    const {json, exitCode} = await run(['schema', 'orders', '--json'], {env})
    expect(exitCode).toBe(0)
    expect(json.columnsFrom).toBe('local')
  })

  it('says so when the columns here are not those of the server', async () => {
    const {run, server} = await setting()
    server.json('/api/v2/schema/orders', {...SCHEMA, table_id: 'orders'})
    const {json} = await run(['describe', 'orders', '--json'])
    expect(json.warnings).toEqual([expect.stringMatching(/columns of orders here are not those/)])
  })

  it('does not show a pulled table whose grant is gone', async () => {
    const {run, server} = await setting()
    server.on('GET', '/api/v2/schema/orders', () => ({status: 403, body: {detail: 'no'}}))
    const {json, exitCode} = await run(['describe', 'orders', '--json'])
    expect(exitCode).toBe(8)
    expect(json.error).toMatchObject({
      code: 'table_not_granted',
      hint: expect.stringMatching(/agnes pull/),
    })
  })

  it('names the nearest tables for one that is not there', async () => {
    const {run} = await setting()
    for (const command of ['schema', 'describe', 'sample', 'explore']) {
      const {json, exitCode} = await run([command, 'ordres', '--json'])
      expect(exitCode).toBe(4)
      expect(json.error).toMatchObject({code: 'table_not_found', details: {similar: ['orders']}})
    }
  })

  it('shows the columns when the server cannot send rows', async () => {
    const {run, server} = await setting()
    server.on('GET', '/api/v2/sample/web sessions/eu', () => ({status: 500, body: {detail: 'oh'}}))
    const described = await run(['describe', 'web_sessions', '--json'])
    expect(described.exitCode).toBe(0)
    expect(described.json).toMatchObject({sample: null, columnsFrom: 'server'})
    expect((await run(['sample', 'web_sessions'])).exitCode).toBe(5)
  })
})

describe('texts of a hostile server', () => {
  const HOSTILE = '\u001B[31mred\u001B]0;title\u0007\u202Eevil\u009Bline'

  it.each([
    [['schema', 't']],
    [['describe', 't']],
    [['sample', 't']],
    [['explore', 't']],
    [['catalog', '--show', 'm']],
  ])('reach no terminal through %j', async (argv) => {
    const {run, server} = await setting([
      {id: 't', name: 't', description: HOSTILE, where_examples: [HOSTILE], query_mode: HOSTILE},
    ])
    const columns = [{name: HOSTILE, type: HOSTILE, description: HOSTILE}]
    const hints = {[HOSTILE]: HOSTILE}
    server
      .json('/api/v2/schema/t', {columns, partition_by: HOSTILE, where_dialect_hints: hints})
      .optional()
    const rows = [{[HOSTILE]: HOSTILE}, {[HOSTILE]: {a: HOSTILE}}]
    server.json('/api/v2/sample/t', {rows}).optional()
    server
      .json('/api/metrics/m', {id: 'm', sql: HOSTILE, notes: [HOSTILE], [HOSTILE]: 1})
      .optional()
    const env = {...(await envOf(server)), NO_COLOR: '1'}
    for (const tty of [true, false]) {
      const {stdout, stderr, exitCode} = await run(argv, {tty, env})
      expect(exitCode).toBe(0)
      expect(stdout).toContain('red')
      // eslint-disable-next-line no-control-regex -- what must not be there
      expect(stdout + stderr).not.toMatch(/[\u001B\u0007\u202E\u009B]/)
    }
  })
})

describe('what is here and is no pulled table', () => {
  it("is called what it is: a snapshot, or the analyst's own", async () => {
    const {server} = await setting()
    const workspace = await queryWorkspace({
      snapshots: {web_sessions: 'SELECT 1 AS id FROM range(3)'},
      catalog: 'CREATE TABLE mine AS SELECT 7 AS x',
      state: {server: server.origin},
    })
    const env = {HOME: workspace.home, ...server.env}
    const run = async (argv: string[]) => (await workspace.run([...argv, '--json'], {env})).json
    expect(await run(['describe', 'web_sessions'])).toMatchObject({
      columnsFrom: 'server',
      sample: {from: 'snapshot', totalRows: 3},
      commands: [expect.stringContaining('--remote'), 'agnes query "FROM web_sessions LIMIT 10"'],
    })
    expect(await run(['describe', 'mine'])).toMatchObject({
      columnsFrom: 'local',
      sample: {from: 'own', totalRows: null, rows: [[7]]},
    })
    expect((await run(['explore', 'web_sessions'])).basis).toMatchObject({source: 'snapshot'})
    const text = await workspace.run(['explore', 'web_sessions'], {env, tty: true})
    expect(text.stdout).toContain('all rows of the snapshot, which is a kept part of a table (3)')
  })
})

describe('agnes catalog --show', () => {
  const METRIC = {
    id: 'revenue/mrr new',
    name: 'mrr',
    category: 'revenue',
    description: '<b>Recurring</b>',
    description_text: 'Recurring',
    grain: null,
    notes: ['never before 2020', {see: 'wiki'}],
    filters: 'paid = true',
    sql: 'SELECT 1\nFROM t',
    sql_variants: '{"by_plan": "SELECT 2"}',
    validation: {min: 0},
    owner: 'finance',
  }

  it('prints all that gives a figure its meaning, and invents nothing', async () => {
    const {run, server} = await setting()
    server.json('/api/metrics/revenue/mrr new', METRIC)
    const {stdout} = await run(['catalog', '--show', 'revenue/mrr new'], {tty: true})
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'Id            revenue/mrr new',
      'Name          mrr',
      'Category      revenue',
      'Description   Recurring',
      'Filters       paid = true',
      'Notes         never before 2020',
      '              {"see":"wiki"}',
      'Rules         min: 0',
      'SQL           SELECT 1',
      '              FROM t',
      'SQL variants  by_plan: SELECT 2',
      'owner         finance',
      '',
    ])
    const {json} = await run(['catalog', '--show', 'revenue/mrr new', '--json'])
    expect(json.metric).toMatchObject({
      grain: null,
      sqlVariants: {by_plan: 'SELECT 2'},
      validation: {min: 0},
      other: {owner: 'finance'},
    })
  })

  it('answers from the list that was read before when the server is gone', async () => {
    const {run, server} = await setting()
    server.json('/api/metrics', {metrics: [METRIC], count: 1})
    await run(['catalog', '--metrics'])
    await server.close()
    const {json, exitCode} = await run(['catalog', '--show', 'revenue/mrr new', '--json'])
    expect(exitCode).toBe(0)
    expect(json.cached).not.toBeNull()
  })

  it.each(['..', 'revenue/../x', ''])('does not send the id "%s"', async (id) => {
    const {run, server} = await setting()
    server.json('/api/metrics', {metrics: [], count: 0})
    expect((await run(['catalog', `--show=${id}`])).exitCode).toBe(4)
    expect(server.requests.every(({path}) => path === '/api/metrics')).toBe(true)
  })
})
