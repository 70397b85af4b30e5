import {mkdtemp, readdir, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'
import type {RunOptions} from '../support/run-cli.js'

/** Parts that run on the demo's server, joined with tables of a workspace. */

const PART = 'w=SELECT device, count(*) AS n FROM web_sessions GROUP BY 1'
const JOIN = 'SELECT d.label, w.n FROM w JOIN devices d USING (device) ORDER BY 1'

let server: EmbeddedServer
let home: string
let workspace: QueryWorkspace

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'agnes-test-')))
  server = await startEmbeddedServer({
    demo: {scale: 0.1},
    dir: join(home, 'served'),
    isShared: true,
  })
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(home, {recursive: true, force: true})
})

async function agnes(
  argv: string[],
  {env, ...options}: Partial<RunOptions> & {env?: Record<string, string>} = {},
) {
  workspace = await queryWorkspace({
    tables: {
      devices:
        "SELECT * FROM (VALUES ('desktop', 'Desktop'), ('mobile', 'Phone')) t(device, label)",
    },
    snapshots: {kept: 'SELECT 1 AS one'},
    catalog: 'CREATE TABLE mine (x INT); CREATE VIEW own AS SELECT 1 AS x',
  })
  return workspace.run(['query', ...argv], {
    env: {
      HOME: workspace.home,
      AGNES_SERVER: server.url,
      AGNES_TOKEN: server.analystToken,
      ...env,
    },
    ...options,
  })
}

describe('a query with a registered part', () => {
  it('joins its rows with local tables, and says what was fetched', async () => {
    const {json, exitCode} = await agnes([JOIN, '--register', PART, '--json'])
    expect(exitCode).toBe(0)
    expect(json.rows.map(([label]: [string]) => label)).toEqual(['Desktop', 'Phone'])
    expect(json).toMatchObject({source: 'local', workspace: workspace.root})
    expect(json.registered).toEqual([
      {
        alias: 'w',
        source: 'server',
        server: server.url,
        rows: expect.any(Number),
        bytes: expect.any(Number),
        bytesScanned: expect.any(Number),
        priceUsd: expect.any(Number),
      },
    ])
    expect(json.registered[0].bytesScanned).toBeGreaterThan(0)
  })

  it('tells on a terminal and in a pipe what each part was', async () => {
    const told =
      /^Registered w: \d rows, \d+ B in memory, from http:\S+\. Bytes scanned: [\d.]+ [kM]?B, less than \$0\.0001 by the server's price\.$/m
    const piped = await agnes([JOIN, '--register', PART])
    expect(piped.stderr).toMatch(told)
    expect(piped.stdout).toMatch(/^label\tn\nDesktop\t\d+\nPhone\t\d+\n$/)
    const terminal = await agnes([JOIN, '--register', PART], {tty: true})
    expect(terminal.stderr).toMatch(told)
    expect(terminal.stdout).toContain('Desktop')
  })

  it('takes every part and the query from a JSON document on standard input', async () => {
    const document = {
      register_bq: {w: PART.slice(2)},
      register: {one: 'SELECT 7 AS seven FROM web_sessions LIMIT 1'},
      sql: 'SELECT label, n > 0 AS some, seven, one.seven * 2 AS twice FROM w JOIN devices USING (device), one, kept ORDER BY 1',
    }
    const {json} = await agnes(['--stdin', '--json'], {stdin: JSON.stringify(document)})
    expect(json.rows[0]).toEqual(['Desktop', true, 7, 14])
    expect(json.registered.map(({alias, source}: any) => [alias, source])).toEqual([
      ['one', 'server'],
      ['w', 'server'],
    ])
  })

  it('keeps every type of the server', async () => {
    const part = `z=SELECT 9223372036854775807 AS big, CAST('1.10' AS DECIMAL(18,2)) AS price,
      TIMESTAMPTZ '2026-01-31 12:00:00.123456+02' AS moment, DATE '2026-01-31' AS d, [1, NULL] AS l,
      {'a': 1, 'b': ['x']} AS s, MAP {'k': 1} AS m, 'NaN'::DOUBLE AS f, 'é'::BLOB AS b, NULL AS none
      FROM web_sessions LIMIT 1`.replaceAll("'é'::BLOB", "'\\xFF'::BLOB")
    const {json} = await agnes(['SELECT * FROM z', '--register', part, '--json'])
    expect(json.columns.map(({type}: any) => type)).toEqual([
      'BIGINT',
      'DECIMAL(18,2)',
      'TIMESTAMP WITH TIME ZONE',
      'DATE',
      'INTEGER[]',
      'STRUCT("a" INTEGER, "b" VARCHAR[])',
      'MAP(VARCHAR, INTEGER)',
      'DOUBLE',
      'BLOB',
      'INTEGER',
    ])
    const exact = await agnes([
      'SELECT big, price, moment FROM z',
      '--register',
      part,
      '--format',
      'csv',
    ])
    expect(exact.stdout).toBe(
      'big,price,moment\n9223372036854775807,1.10,2026-01-31T10:00:00.123456Z\n',
    )
  })

  it('writes files of any format, cut where --limit says', async () => {
    const args = [JOIN, '--register', PART, '--format', 'parquet', '--out', 'a.parquet']
    expect((await agnes([...args, '--limit', '1'])).exitCode).toBe(0)
    const {json} = await workspace.run([
      'query',
      "FROM 'a.parquet'".replace('a.', `${workspace.root}/a.`),
      '--json',
    ])
    expect(json.rows).toHaveLength(1)
    const cut = await agnes([JOIN, '--register', PART, '--json', '--limit', '1'])
    expect(cut.json).toMatchObject({rowCount: 1, truncated: true})
  })

  it('leaves nothing in the workspace', async () => {
    await agnes([JOIN, '--register', PART])
    expect((await readdir(join(workspace.root, 'user/snapshots'))).sort()).toEqual(['kept.parquet'])
  })
})

describe('a query with a registered part is refused', () => {
  it.each([
    ['a pulled table', ['FROM devices', '--register', 'devices=SELECT 1'], 'alias_taken'],
    [
      'a pulled table in other letters',
      ['FROM Devices', '--register', 'DEVICES=SELECT 1'],
      'alias_taken',
    ],
    ['a snapshot', ['FROM kept', '--register', 'kept=SELECT 1'], 'alias_taken'],
    ['an own table', ['FROM mine', '--register', 'mine=SELECT 1'], 'alias_taken'],
    ['an own view', ['FROM own', '--register', 'own=SELECT 1'], 'alias_taken'],
    [
      'another alias',
      ['FROM a', '--register', 'a=SELECT 1', '--register-bq', 'A=SELECT 2'],
      'alias_taken',
    ],
    ['no identifier', ['FROM a', '--register', 'a b=SELECT 1'], 'alias_invalid'],
    ['a name of the engine', ['FROM a', '--register', 'duckdb_tables=SELECT 1'], 'alias_invalid'],
    ['no alias at all', ['FROM a', '--register', 'SELECT 1'], 'registration_invalid'],
    ['nothing after the alias', ['FROM a', '--register', 'a= '], 'registration_invalid'],
    ['an alias nobody reads', ['FROM devices', '--register', 'w=SELECT 1'], 'alias_unused'],
    ['a query of the server', ['FROM w', '--register', 'w=SELECT 1', '--remote'], 'hybrid_remote'],
    ['an estimate', ['FROM w', '--register', 'w=SELECT 1', '--estimate'], 'estimate_hybrid'],
  ])('where the alias or the request is %s', async (_what, argv, code) => {
    const {json, exitCode} = await agnes([...argv, '--json'])
    expect(json.error).toMatchObject({code, hint: expect.any(String)})
    expect(exitCode).toBe(2)
  })

  it.each([
    ['{"sql": "FROM w", "register": ["SELECT 1"]}', 'registration_invalid'],
    ['{"sql": "FROM w", "register_bq": {"w": 1}}', 'registration_invalid'],
    ['{"sql": "FROM w", "registered": {"w": "SELECT 1"}}', 'stdin_unknown_key'],
    ['{"register": {"w": "SELECT 1"}}', 'sql_missing'],
  ])('where standard input is %s', async (stdin, code) => {
    const {json, exitCode} = await agnes(['--stdin', '--json'], {stdin})
    expect([json.error.code, exitCode]).toEqual([code, 2])
  })

  it('before anything runs when a part would read too much', async () => {
    const {json, exitCode} = await agnes([JOIN, '--register', PART, '--max-bytes', '10', '--json'])
    expect(exitCode).toBe(14)
    expect(json.error).toMatchObject({
      code: 'over_max_bytes',
      details: {alias: 'w', maxBytes: 10, scanBytes: expect.any(Number)},
    })
  })

  it('when a part has more rows than may be held, and answers nothing', async () => {
    const part = 'w=SELECT device FROM web_sessions'
    const {stdout, stderr, exitCode} = await agnes(['FROM w', '--register', part], {
      env: {AGNES_REGISTER_MAX_ROWS: '100'},
    })
    expect([stdout, exitCode]).toEqual(['', 14])
    expect(stderr).toMatch(/^Error: w has more than 100 rows\. .*\nNext: .*AGNES_REGISTER_MAX_ROWS/)
  })

  it('when the parts together take more memory than allowed', async () => {
    const part = "=SELECT repeat('x', 700000) AS t FROM web_sessions LIMIT 1"
    const argv = ['FROM a, b', '--register', `a${part}`, '--register', `b${part}`, '--json']
    const {json, exitCode} = await agnes(argv, {env: {AGNES_REGISTER_MAX_MB: '1'}})
    expect([json.error.code, json.error.details.alias, exitCode]).toEqual([
      'register_too_many_bytes',
      'b',
      14,
    ])
  })

  it('with the words of the server when the SQL of a part is wrong', async () => {
    const {json, exitCode} = await agnes([
      'FROM w',
      '--register',
      'w=SELECT nope FROM web_sessions',
      '--json',
    ])
    expect(exitCode).toBe(13)
    expect(json.error.message).toContain('nope')
  })

  it('when a table of a part is not granted', async () => {
    const {json, exitCode} = await agnes([
      'FROM w',
      '--register',
      'w=SELECT * FROM payroll',
      '--json',
    ])
    expect([json.error.code, exitCode]).toEqual(['table_not_granted', 8])
  })
})
