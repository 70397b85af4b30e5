import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {rename, rm, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {workspacePaths} from '../../src/lib/config/paths.js'
import {queryWorkspace} from '../support/query-workspace.js'
import {repositoryRoot, type RunOutcome} from '../support/run-cli.js'

function cells({stdout}: RunOutcome): string[] {
  return stdout.trimEnd().split('\n').slice(1)
}

describe('published tables', () => {
  it('are read from the files of the last pull, whatever their case and the rest of the folder', async () => {
    const {run, copy} = await queryWorkspace({
      tables: {
        orders: 'SELECT 1 AS id',
        'odd "name"': "SELECT 'odd' AS x",
        parts: {'a.parquet': 'SELECT 1 AS id', 'b.parquet': "SELECT 2 AS id, 'new' AS extra"},
        hive: {'year=2025/a.parquet': 'SELECT 1 AS n', 'year=2026/a.parquet': 'SELECT 2 AS n'},
      },
    })
    await copy('SELECT 99 AS id', `${workspacePaths.parquet}/parts/leftover.parquet`)
    await copy('SELECT 99 AS id', `${workspacePaths.parquet}/stranger.parquet`)
    expect(cells(await run(['query', 'FROM Orders']))).toEqual(['1'])
    expect(cells(await run(['query', 'FROM "odd ""name"""']))).toEqual(['odd'])
    expect(cells(await run(['query', 'FROM main.parts ORDER BY id']))).toEqual([
      '1\tNULL',
      '2\tnew',
    ])
    expect(cells(await run(['query', 'SELECT n, year FROM hive ORDER BY n']))).toEqual([
      '1\t2025',
      '2\t2026',
    ])
    expect((await run(['query', 'FROM stranger'])).exitCode).toBe(13)
  })

  it('answer in joins, subqueries, CTEs, pivots and explanations', async () => {
    const {run} = await queryWorkspace({
      tables: {a: 'SELECT 1 AS x, 2025 AS year', b: 'SELECT 1 AS x, 5 AS y'},
    })
    for (const [sql, answer] of [
      ['WITH a AS (SELECT x + 1 AS x FROM a) SELECT x FROM a', '2'],
      ['SELECT (SELECT max(y) FROM b WHERE b.x = a.x) FROM a', '5'],
      ['SELECT y FROM a JOIN b USING (x); -- done', '5'],
      ['PIVOT a ON year USING sum(x)', '1'],
      ['FROM (UNPIVOT b ON y) SELECT value', '5'],
      ["SELECT count(*) FROM query_table('a')", '1'],
    ])
      expect([
        sql,
        cells(await run(['query', sql!])).map((line) => line.split('\t').at(-1)),
      ]).toEqual([sql, [answer]])
    expect((await run(['query', 'EXPLAIN ANALYZE FROM a'])).stdout).toContain('READ_PARQUET')
    expect(cells(await run(['query', 'DESCRIBE a']))).toHaveLength(2)
  })

  it('that are damaged are refused by name, never half answered', async () => {
    const {run, root} = await queryWorkspace({
      tables: {cut: 'SELECT 1', gone: 'SELECT 1', garbled: 'SELECT 1', fine: 'SELECT 1 AS x'},
    })
    const file = (name: string) => join(root, workspacePaths.parquet, `${name}.parquet`)
    await truncate(file('cut'), 10)
    await rm(file('gone'))
    const {size} = await import('node:fs').then(({statSync}) => statSync(file('garbled')))
    await writeFile(file('garbled'), Buffer.alloc(size, 1))
    for (const name of ['cut', 'gone', 'garbled']) {
      const {json, exitCode} = await run(['query', `SELECT * FROM fine, ${name}`, '--json'])
      expect([exitCode, json.error.code]).toEqual([10, 'table_damaged'])
      expect(json.error.message).toContain(name)
      expect(json.error.hint).toContain('agnes verify --repair')
    }
    expect(cells(await run(['query', 'FROM fine']))).toEqual(['1'])
  })
})

describe('the analyst', () => {
  const catalog = `CREATE TABLE own AS SELECT 'mine' AS x;
    CREATE TABLE orders AS SELECT 'mine' AS x;
    CREATE VIEW fresh AS SELECT x FROM customers;
    CREATE VIEW nested AS SELECT x FROM fresh;
    CREATE VIEW named(y) AS SELECT x FROM main.customers;
    CREATE TABLE hidden AS SELECT 1 AS x;
    CREATE MACRO made() AS TABLE SELECT x FROM hidden;
    DROP TABLE hidden;`
  // Views can only be made over something: the published tables as the last registration left them.
  const registered = `CREATE VIEW customers AS SELECT 'stale' AS x;
    COMMENT ON VIEW customers IS 'agnes:1 abc';`

  it("has tables, views and views over published tables that answer with today's rows", async () => {
    const {run} = await queryWorkspace({
      tables: {customers: "SELECT 'today' AS x", hidden: "SELECT 'bound late' AS x"},
      catalog: registered + catalog,
    })
    for (const [name, answer] of [
      ['own', 'mine'],
      ['analytics.own', 'mine'],
      ['customers', 'today'],
      ['fresh', 'today'],
      ['nested', 'today'],
      ['named', 'today'],
      ['made()', 'bound late'],
    ])
      expect([name, cells(await run(['query', `FROM ${name}`]))]).toEqual([name, [answer]])
  })

  it('keeps a table whose name was published later, and is told', async () => {
    const {run} = await queryWorkspace({
      tables: {orders: "SELECT 'published' AS x"},
      catalog: registered + catalog,
    })
    const text = await run(['query', 'FROM orders'])
    expect(cells(text)).toEqual(['mine'])
    expect(text.stderr).toContain('orders is your own table')
    const {json} = await run(['query', 'FROM orders', '--json'])
    expect([json.rows, json.warnings.length]).toEqual([[['mine']], 1])
  })

  it('gets answers of published tables while another process has the catalog open, and is told who has it', async () => {
    const {run, root} = await queryWorkspace({
      tables: {customers: "SELECT 'today' AS x"},
      catalog: registered + catalog,
    })
    const path = join(root, workspacePaths.catalog)
    const script = `const {DuckDBInstance} = await import('@duckdb/node-api')
      const connection = await (await DuckDBInstance.create(${JSON.stringify(path)})).connect()
      await connection.run('CREATE TABLE busy AS SELECT 1')
      process.stdout.write('ready')
      process.stdin.on('end', () => connection.closeSync()).resume()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: repositoryRoot,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    await once(child.stdout, 'data')
    expect(cells(await run(['query', 'FROM customers']))).toEqual(['today'])
    const {json, exitCode} = await run(['query', 'FROM own', '--json'])
    expect([exitCode, json.error.code, json.error.details.pid]).toEqual([
      11,
      'database_locked',
      child.pid,
    ])
    expect(json.error.message).toContain(String(child.pid))
  })

  it('is told when the catalog is damaged, and still gets published tables', async () => {
    const {run, write} = await queryWorkspace({tables: {customers: "SELECT 'today' AS x"}})
    await write(workspacePaths.catalog, Buffer.alloc(20_000, 7))
    const {stdout, stderr, exitCode} = await run(['query', 'FROM customers'])
    expect([exitCode, stdout]).toEqual([0, 'x\ntoday\n'])
    expect(stderr).toContain('Your own tables are left out')
  })
})

describe('snapshots', () => {
  it('answer by name, unless the name is or was a published table', async () => {
    const {run} = await queryWorkspace({
      tables: {orders: "SELECT 'published' AS x"},
      snapshots: {
        cz_recent: "SELECT 'snapshot' AS x",
        orders: "SELECT 'snapshot' AS x",
        salaries: "SELECT 'secret' AS x",
      },
      state: {blockedNames: ['Salaries']},
    })
    expect(cells(await run(['query', 'FROM CZ_recent']))).toEqual(['snapshot'])
    expect(cells(await run(['query', 'FROM orders']))).toEqual(['published'])
    const {json, exitCode} = await run(['query', 'FROM salaries', '--json'])
    expect([exitCode, json.error.code]).toEqual([13, 'table_withdrawn'])
  })
})

describe('a name that is not here', () => {
  it.each([
    ['remote', 'agnes query --remote', 'agnes snapshot create web_events --estimate'],
    ['server_only', 'agnes query --remote', ''],
    ['not_materialized', 'agnes pull --table web_events', ''],
    ['skipped_materialized', 'agnes pull --table web_events', ''],
  ] as const)('and is %s names the command that answers it', async (reason, ...hints) => {
    const {run} = await queryWorkspace({
      state: {listed: [{name: 'web_events', queryMode: 'remote', reason}]},
    })
    const {json, exitCode} = await run(['query', 'SELECT count(*) FROM Web_Events', '--json'])
    expect([exitCode, json.error.code]).toEqual([13, `table_${reason}`])
    for (const hint of hints) expect(json.error.hint).toContain(hint)
    const text = await run(['query', 'SELECT count(*) FROM Web_Events'])
    expect([text.exitCode, text.stderr.includes(hints[0] as string)]).toEqual([13, true])
  })

  it('is compared with the names that are', async () => {
    const {run} = await queryWorkspace({
      tables: {orders: 'SELECT 1', order_lines: 'SELECT 1', customers: 'SELECT 1'},
    })
    const {json} = await run(['query', 'FROM ordrs', '--json'])
    expect(json.error.hint).toContain('Similar names: orders')
    expect(json.error.hint).toContain('agnes status')
    expect(json.error.details.missingTable).toBe('ordrs')
  })

  it('says to pull first when nothing has been pulled', async () => {
    const {run} = await queryWorkspace({state: {lastSuccessAt: null}})
    const {stderr} = await run(['query', 'FROM orders'])
    expect(stderr).toContain('agnes pull')
  })
})

describe('a file put there by somebody else', () => {
  it('is not read as the table', async () => {
    const {run, root, copy} = await queryWorkspace({tables: {orders: "SELECT 'old' AS x"}})
    const path = join(root, workspacePaths.parquet, 'orders.parquet')
    await copy("SELECT 'new and longer than the old one' AS x", 'next.parquet')
    await rename(join(root, 'next.parquet'), path)
    const {json, exitCode} = await run(['query', 'FROM orders', '--json'])
    expect([exitCode, json.error.code]).toEqual([10, 'table_damaged'])
  })
})
