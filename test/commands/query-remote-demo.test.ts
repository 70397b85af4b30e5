import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {runCli, type RunOutcome} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'

/** Against the demo of the embedded server, from a folder that is no workspace. */

const SQL = 'SELECT device, count(*) AS n FROM web_sessions GROUP BY 1 ORDER BY 2 DESC'
const FEBRUARY = "event_date >= DATE '2025-02-01' AND event_date < DATE '2025-03-01'"

let server: EmbeddedServer
let home: string

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

function env(of: EmbeddedServer = server) {
  return {HOME: home, AGNES_SERVER: of.url, AGNES_TOKEN: of.analystToken}
}

function agnes(argv: string[], tty = false): Promise<RunOutcome> {
  return runCli(['query', ...argv], {env: env(), currentDir: home, tty})
}

async function limited(
  options: Parameters<typeof startEmbeddedServer>[0],
): Promise<(argv: string[]) => Promise<RunOutcome>> {
  const other = await startEmbeddedServer({demo: {scale: 0.1}, ...options})
  return (argv) => runCli(['query', ...argv], {env: env(other), currentDir: home})
}

describe('a query on the server', () => {
  it('aggregates a remote table without a workspace, and says what it read', async () => {
    const {json, exitCode} = await agnes([SQL, '--remote', '--json'])
    expect(exitCode).toBe(0)
    expect(json).toMatchObject({source: 'server', server: server.url, workspace: null})
    expect(json.bytesScanned).toBeGreaterThan(0)
    expect(json.columns).toEqual([
      {name: 'device', type: 'VARCHAR'},
      {name: 'n', type: 'BIGINT'},
    ])
    const {stderr} = await agnes([SQL, '--remote'])
    expect(stderr).toMatch(/^Answered by http:.*\. Bytes scanned: [\d.]+ [kM]?B\.\n$/)
  })

  it('gives the same rows in every text format', async () => {
    const sql = "SELECT 9223372036854775807 AS big, NULL AS none, true AS yes, 'a,b' AS text"
    const shown = async (format: string) =>
      (await agnes([`${sql};`, '--remote', '--format', format])).stdout
    expect(await shown('csv')).toBe('big,none,yes,text\n9223372036854775807,,true,"a,b"\n')
    expect(await shown('ndjson')).toBe(
      '{"big":9223372036854775807,"none":null,"yes":true,"text":"a,b"}\n',
    )
    expect(await shown('tsv')).toContain('9223372036854775807\t')
    expect(await shown('markdown')).toContain('| 9223372036854775807 |')
  })

  it('writes Parquet and Arrow files whose numbers are exact', async () => {
    const {run, root} = await queryWorkspace()
    const sql =
      "SELECT * FROM (VALUES (1.5::DOUBLE, 7, 170141183460469231731687303715884105727, 'x', true), (NULL, NULL, NULL, NULL, NULL)) t(d, i, h, s, b)"
    const asked = await run(
      ['query', sql, '--remote', '--format', 'parquet', '--out', 'a.parquet'],
      {
        env: env(),
      },
    )
    expect([asked.stderr, asked.exitCode]).toEqual([expect.stringContaining('Wrote 2 rows'), 0])
    const {json} = await run(['query', `FROM '${root}/a.parquet'`, '--json', '--scope', 'local'])
    expect(json.columns.map(({type}: {type: string}) => type)).toEqual([
      'DOUBLE',
      'BIGINT',
      'VARCHAR',
      'VARCHAR',
      'BOOLEAN',
    ])
    expect(json.rows[0].slice(2)).toEqual(['170141183460469231731687303715884105727', 'x', true])
    expect(json.rows[1]).toEqual([null, null, null, null, null])
    const arrow = await run(['query', sql, '--remote', '--format', 'arrow', '--out', 'a.arrow'], {
      env: env(),
    })
    expect(arrow.exitCode).toBe(0)
  })

  it('announces that there are more rows', async () => {
    const {json} = await agnes(['SELECT * FROM web_sessions', '--remote', '--limit', '3', '--json'])
    expect([json.rowCount, json.truncated]).toEqual([3, true])
    const none = await agnes(['SELECT 1 AS x', '--remote', '--limit', '0', '--json'])
    expect([none.json.rowCount, none.json.truncated]).toEqual([0, true])
  })
})

describe('--estimate', () => {
  it('runs nothing and reads fewer bytes for fewer columns and days', async () => {
    const estimate = async (sql: string) =>
      (await agnes([sql, '--remote', '--estimate', '--json'])).json
    const all = await estimate('SELECT * FROM web_sessions')
    const two = await estimate(SQL)
    const part = await estimate(SQL.replace('GROUP BY', `WHERE ${FEBRUARY} GROUP BY`))
    expect(all).toMatchObject({
      executed: false,
      source: 'server',
      table: 'web_sessions',
      isUpperBound: false,
      reason: null,
    })
    expect(all.scanBytes).toBeGreaterThan(two.scanBytes)
    expect(two.scanBytes).toBeGreaterThan(part.scanBytes)
    const {json} = await agnes([SQL, '--remote', '--json'])
    expect(json.bytesScanned).toBe(two.scanBytes)
  })

  it('leaves out a predicate the server does not take, and calls it a bound', async () => {
    const {json} = await agnes([
      "SELECT device FROM web_sessions s WHERE s.event_date > '2025-02-01' AND hash(s.device) > 0",
      '--estimate',
      '--json',
    ])
    expect(json).toMatchObject({isUpperBound: true, executed: false})
    expect(json.scanBytes).toBeGreaterThan(0)
  })

  it('knows what a join would read', async () => {
    const estimate = async (sql: string) =>
      (await agnes([sql, '--remote', '--estimate', '--json'])).json
    const one = await estimate('SELECT device FROM web_sessions')
    const join = await estimate('SELECT a.device FROM web_sessions a, web_sessions b')
    expect(join).toMatchObject({table: null, executed: false, reason: null})
    expect(join.scanBytes).toBeGreaterThanOrEqual(one.scanBytes)
    expect(join.priceUsd).toEqual(expect.any(Number))
  })

  it('is a short list on a terminal, plain lines in a pipe', async () => {
    const terminal = await agnes([SQL, '--remote', '--estimate'], true)
    expect(terminal.stdout).toMatch(/bytes scanned +[\d.]+ kB|MB \([\d,]+ bytes\)/)
    expect(terminal.stdout).toContain('Nothing was run.')
    const pipe = await agnes([SQL, '--remote', '--estimate'])
    expect(pipe.stdout).toMatch(/^bytes scanned\t\d+$/m)
  })

  it('knows no table the server does not know', async () => {
    const {json, exitCode} = await agnes(['SELECT a FROM nope', '--estimate', '--json'])
    expect([exitCode, json.error.code]).toEqual([4, 'table_not_found'])
  })

  it('is refused for --scope local', async () => {
    const {json, exitCode} = await agnes([SQL, '--estimate', '--scope', 'local', '--json'])
    expect([exitCode, json.error.code]).toEqual([2, 'estimate_local'])
  })
})

describe('a ceiling', () => {
  it('of ours refuses before anything runs, with the part to take instead', async () => {
    const {json, exitCode} = await agnes([SQL, '--remote', '--max-bytes', '1000', '--json'])
    expect([exitCode, json.error.code]).toEqual([14, 'over_max_bytes'])
    expect(json.error.hint).toContain('agnes snapshot create web_sessions')
    expect(json.error.message).toContain('1.0 kB')
  })

  it('of ours holds for any form of query, in the same spelling as for snapshots', async () => {
    const sql = `WITH a AS (${SQL}) SELECT * FROM a`
    const {json, exitCode} = await agnes([sql, '--remote', '--max-bytes', '1k', '--json'])
    expect([exitCode, json.error.code]).toEqual([14, 'over_max_bytes'])
    expect(json.error.details.maxBytes).toBe(1024)
    const wrong = await agnes([sql, '--remote', '--max-bytes', 'much', '--json'])
    expect([wrong.exitCode, wrong.json.error.code]).toEqual([2, 'size_invalid'])
  })

  it('of the environment counts where no flag is given', async () => {
    const options = {env: {...env(), AGNES_REMOTE_MAX_BYTES: '1000'}, currentDir: home}
    const {exitCode} = await runCli(['query', SQL, '--remote'], options)
    expect(exitCode).toBe(14)
  })

  it('of the server refuses in numbers a person reads', async () => {
    const run = await limited({limits: {maxRemoteScanBytes: 5000}})
    const {stderr, exitCode} = await run(['SELECT * FROM web_sessions', '--remote'])
    expect(exitCode).toBe(14)
    expect(stderr).toMatch(
      /would read [\d.]+ [kM]B, and the server allows 5\.0 kB\. It was not run\./,
    )
    expect(stderr).toContain(
      `agnes snapshot create web_sessions --where "event_date >= DATE '2026-01-01'" --estimate`,
    )
  })

  it('of the day is told with the time it ends', async () => {
    const run = await limited({quotas: {maxDailyBytes: 10}})
    expect((await run([SQL, '--remote'])).exitCode).toBe(0)
    const {json, exitCode} = await run([SQL, '--remote', '--json'])
    expect([exitCode, json.error.code, json.error.retryable]).toEqual([3, 'daily_bytes', true])
    expect(json.error.hint).toMatch(/Try again in (\d+ h )?\d+ (min|s)\./)
  })
})

describe('--scope', () => {
  const LISTED = {listed: [{name: 'web_sessions', queryMode: 'remote', reason: 'remote' as const}]}
  const ORDERS = {orders: 'SELECT 1 AS id'}

  it('auto asks the server for a table that is known to be there only, and says so', async () => {
    const {run, root} = await queryWorkspace({tables: ORDERS, state: LISTED})
    const {json, exitCode} = await run(['query', SQL, '--json'], {env: env()})
    expect([exitCode, json.source, json.workspace]).toEqual([0, 'server', root])
    expect(json.warnings).toEqual([
      `The table web_sessions is not on this computer, so ${server.url} was asked.`,
    ])
    const {stderr} = await run(['query', SQL], {env: env()})
    expect(stderr).toContain('Warning: The table web_sessions is not on this computer')
  })

  it('auto stays here for what is here and for what nobody knows', async () => {
    const {run} = await queryWorkspace({tables: ORDERS, state: LISTED})
    const asked = {env: {...env(), AGNES_SERVER: 'http://127.0.0.1:9'}}
    expect((await run(['query', 'FROM orders', '--json'], asked)).json.source).toBe('local')
    const {json} = await run(['query', 'FROM web_session', '--json'], asked)
    expect(json.error.code).toBe('table_not_found')
  })

  it('local never asks', async () => {
    const {run} = await queryWorkspace({tables: ORDERS, state: LISTED})
    const {json, exitCode} = await run(['query', SQL, '--scope', 'local', '--json'], {env: env()})
    expect([exitCode, json.error.code]).toEqual([13, 'table_remote'])
  })

  it('auto says, too, that the server was asked when the server refuses', async () => {
    const {run} = await queryWorkspace({tables: ORDERS, state: LISTED})
    const sql = 'SELECT nope FROM web_sessions'
    const {json, exitCode} = await run(['query', sql, '--json'], {env: env()})
    expect([exitCode, json.error.code]).toEqual([13, 'query_error'])
    expect(json.warnings.join()).toContain('is not on this computer')
  })

  it('auto without a workspace asks the server, where there is one', async () => {
    const {json} = await agnes(['SELECT 1 AS x', '--json'])
    expect(json).toMatchObject({source: 'server', workspace: null, rows: [[1]]})
    const {json: none} = await runCli(['query', 'SELECT 1', '--json'], {
      env: {HOME: await tempDir()},
      currentDir: home,
    })
    expect(none.error.code).toBe('no_workspace')
  })
})
