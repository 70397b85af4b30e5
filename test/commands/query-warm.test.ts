import {rm, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {queryWorkspace, type QueryWorkspace} from '../support/query-workspace.js'
import {runCli} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {warmSide} from '../support/warm-query.js'

const NUMBERS = "SELECT i AS id, 'row ' || i AS name, (i * 1.10)::DECIMAL(18,2) AS price"
const ODD = `SELECT 9007199254740993 AS big, 1.10::DECIMAL(9,2) AS exact, 'NaN'::DOUBLE AS nan,
  [1, NULL] AS list, {'a': 'x,"y"', 'b': DATE '2026-01-31'} AS struct, MAP {'k': 1} AS map, 'é	\u001b[31m
z' AS text, NULL AS nothing, TIMESTAMPTZ '2026-01-31 12:00:00+02' AS at, '\\xAA'::BLOB AS bytes`

/** A little of everything that a query may meet. */
const world = () =>
  queryWorkspace({
    tables: {
      orders: `${NUMBERS} FROM range(25) t(i)`,
      Items: 'SELECT 1 AS a',
      long: `${NUMBERS} FROM range(5000) t(i)`,
      late: "SELECT CASE WHEN i = 200000 THEN 'no number' ELSE '1' END AS text FROM range(200001) t(i)",
      days: {'1.parquet': 'SELECT 1 AS day', '2.parquet': 'SELECT 2 AS day'},
      damaged: 'SELECT 1 AS a',
      odd: ODD,
    },
    snapshots: {kept: 'SELECT 7 AS seven', withdrawn: 'SELECT 8 AS eight'},
    catalog: `CREATE TABLE mine AS SELECT 'own' AS whose;
      CREATE TABLE items AS SELECT 'own items' AS whose;
      CREATE TABLE orders AS SELECT 1 AS id;
      CREATE TABLE nowhere AS SELECT 1 AS id;
      CREATE VIEW over AS SELECT count(*) AS n FROM orders;
      CREATE VIEW gone AS SELECT * FROM nowhere;
      DROP TABLE orders;
      DROP TABLE nowhere;
      CREATE MACRO twice(x) AS 2 * x`,
    state: {blockedNames: ['withdrawn', 'secret']},
  })

const at = (path: string) => (workspace: QueryWorkspace) => join(workspace.root, path)

/** Words of the command; a function is told the workspace. */
const CASES: (string | ((workspace: QueryWorkspace) => string))[][] = [
  ['FROM orders'],
  ['SELECT count(*) AS n, sum(price) AS s FROM orders'],
  ...['table', 'json', 'ndjson', 'csv', 'tsv', 'markdown', 'parquet', 'arrow'].flatMap((format) => [
    ['FROM orders ORDER BY id', '--format', format],
    ['FROM odd', '--format', format],
    ['SELECT * FROM orders WHERE false', `--format=${format}`],
  ]),
  ['FROM orders ORDER BY id', '--json'],
  ['FROM orders ORDER BY id', '--limit', '3'],
  ['FROM orders ORDER BY id', '--limit', '3', '--json'],
  ['FROM orders ORDER BY id', '--limit', '0'],
  ['FROM long ORDER BY id'],
  ['FROM long ORDER BY id', '--json'],
  ['FROM long ORDER BY id', '--format', 'csv'],
  ['FROM days ORDER BY day'],
  ['FROM kept'],
  ['FROM withdrawn'],
  ['FROM mine'],
  ['FROM over'],
  ['FROM gone'],
  ['FROM items'],
  ['SELECT twice(21) AS n'],
  ['FROM analytics.mine'],
  ['FROM damaged'],
  ['FROM damaged', '--json'],
  ['SELECT text::INTEGER AS n FROM late', '--format', 'csv'],
  ['SELECT text::INTEGER AS n FROM late', '--format', 'json'],
  ['SELECT text::INTEGER AS n FROM late', '--format', 'ndjson'],
  ['FROM ordres'],
  ['FROM ordres', '--json'],
  ['FROM secret'],
  ['SELEC 1'],
  ['SELECT 1; SELECT 2'],
  ['DELETE FROM mine'],
  ['CREATE TABLE x AS SELECT 1'],
  ["SELECT * FROM query('SELECT 1')"],
  ["FROM '/etc/passwd'"],
  ["SELECT * FROM read_text('/etc/passwd')"],
  ["ATTACH '/tmp/x.duckdb'"],
  ['SET memory_limit = 1'],
  [
    "SELECT current_setting('memory_limit') AS m, current_setting('threads') AS t, current_setting('TimeZone') AS z",
  ],
  [
    "SELECT list_filter(current_setting('allowed_directories'), d -> d NOT LIKE '%/agnes-query-%') AS d, current_setting('lock_configuration') AS l",
  ],
  ['SELECT 1 / 0 AS x, 1 AS x'],
  ['EXPLAIN FROM orders'],
  ['DESCRIBE orders'],
  ['--', 'SELECT 1 AS one'],
  ['-- a comment first\nSELECT 1 AS one'],
  ['--sql', 'SELECT 1 AS one'],
  ['--stdin'],
  ['--file', at('report.sql')],
  ['-f', at('missing.sql')],
  [],
  ['SELECT 1', '--sql', 'SELECT 2'],
  ['SELECT 1', '--format', 'xml'],
  ['SELECT 1', '--limit', '-1'],
  ['SELECT 1', '--limit', 'many', '--json'],
  ['SELECT 1', '--nonsense'],
  ['SELECT 1', '--workspace', '/nowhere/at/all'],
  ['SELECT 1', '--workspace', at('')],
]

const texts = (stdout: Buffer, {stderr, exitCode}: {stderr: string; exitCode: number}) => ({
  ...{stderr, exitCode},
  stdout: stdout.toString('latin1'),
})

describe('a warm query', {timeout: 240_000}, () => {
  it.each([false, true])('is the query itself, byte for byte (terminal: %s)', async (tty) => {
    const workspace = await world()
    await truncate(join(workspace.root, 'server/parquet/damaged.parquet'), 20)
    await writeFile(join(workspace.root, 'report.sql'), 'SELECT 3 AS three')
    const warm = await warmSide()
    // How much of an answer is out before it fails would depend on the threads.
    const env = {HOME: workspace.home, AGNES_QUERY_THREADS: '1'}
    for (const words of CASES) {
      const argv = words.map((word) => (typeof word === 'string' ? word : word(workspace)))
      const stdin = argv.includes('--stdin') ? 'SELECT 4 AS four' : ''
      const cold = await workspace.run(['query', ...argv], {env, tty, stdin})
      const answer = await warm.query(argv, {env, folder: workspace.root, tty, stdin})
      if (typeof answer === 'string') throw new Error(`${argv.join(' ')}: ${answer}`)
      expect({argv, ...texts(answer.stdout, answer)}).toEqual({
        argv,
        ...texts(cold.stdoutBytes, cold),
      })
    }
    expect(warm.listener.answered).toBe(CASES.length)
  })

  it('reads the environment of whoever asks', async () => {
    const workspace = await world()
    const warm = await warmSide()
    const folder = await tempDir()
    const env = {
      ...{HOME: workspace.home, AGNES_LOCAL_DIR: workspace.root},
      ...{AGNES_QUERY_MEMORY_MB: '300', AGNES_QUERY_THREADS: '1'},
    }
    const sql = "SELECT current_setting('memory_limit') AS m, current_setting('threads') AS t"
    const answer = await warm.query([sql, '--format', 'csv'], {env, folder})
    expect(answer).toMatchObject({exitCode: 0, stdout: Buffer.from('m,t\n300.0 MiB,1\n')})
  })

  it('has nothing left of the query before: what was taken away is gone, and no other workspace is near', async () => {
    const workspace = await world()
    const other = await queryWorkspace({tables: {elsewhere: 'SELECT 1 AS a'}})
    const warm = await warmSide()
    const env = {HOME: workspace.home}
    const ask = async (sql: string, folder = workspace.root) => {
      const answer = await warm.query([sql, '--format', 'csv'], {env, folder})
      if (typeof answer === 'string') throw new Error(answer)
      return `${answer.exitCode} ${answer.stdout.toString()}`
    }
    expect(await ask('SELECT count(*) AS n FROM orders')).toBe('0 n\n25\n')
    await rm(join(workspace.root, 'server/parquet/orders.parquet'))
    expect(await ask('SELECT count(*) AS n FROM orders')).toBe('10 ')
    expect(await ask(`FROM '${workspace.root}/server/parquet/orders.parquet'`)).toBe('13 ')
    expect(await ask('FROM elsewhere')).toBe('13 ')
    expect(await ask('FROM elsewhere', other.root)).toBe('0 a\n1\n')
    expect(await ask(`FROM '${workspace.root}/server/parquet/long.parquet'`, other.root)).toBe(
      '13 ',
    )
    expect(await ask('FROM mine', other.root)).toBe('13 ')
  })

  it('goes back to whoever asked when a server, or another place, is needed', async () => {
    const workspace = await world()
    const warm = await warmSide()
    const env = {HOME: workspace.home, AGNES_SERVER: 'http://127.0.0.1:9'}
    const options = {env, folder: workspace.root}
    expect(await warm.query(['SELECT 1', '--remote'], options)).toBe('cold')
    expect(await warm.query(['SELECT 1'], {env, folder: await tempDir()})).toBe('cold')
    expect(await warm.query(['SELECT 1'], {env, folder: '/nowhere/at/all'})).toBe('cold')
    // The same path, seen from a container.
    expect(await warm.query(['SELECT 1'], {...options, marks: '1:2 3:4'})).toBe('cold')
    expect(await warm.query(['SELECT 1 AS n', '--format', 'csv'], options)).toMatchObject({
      exitCode: 0,
    })
    expect(warm.listener.answered).toBe(1)
  })

  it('leaves the catalog to others between two queries', async () => {
    const workspace = await world()
    const warm = await warmSide()
    const options = {env: {HOME: workspace.home}, folder: workspace.root}
    expect(await warm.query(['FROM mine'], options)).toMatchObject({exitCode: 0})
    const {DuckDbWarehouse} = await import('../../src/lib/adapters/duckdb-warehouse.js')
    const path = join(workspace.root, 'user/duckdb/analytics.duckdb')
    const session = await new DuckDbWarehouse().open({path, access: 'write'})
    await session.run('CREATE TABLE later AS SELECT 5 AS five')
    await session.close()
    expect(await warm.query(['FROM later'], options)).toMatchObject({exitCode: 0})
    const env = {HOME: workspace.home}
    expect(await runCli(['query', 'FROM later'], {env, currentDir: workspace.root})).toMatchObject({
      exitCode: 0,
    })
  })
})
