import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {ApiError} from '../../../src/server/api-error.js'
import {createQueryEngine} from '../../../src/server/engine/query-engine.js'
import type {QueryEngine} from '../../../src/server/model.js'
import {FakeClock} from '../../support/fake-clock.js'
import {onDatabase} from '../../support/engine.js'
import {copyVega, openStore, warehouse} from '../data/open-store.js'

let dir: string
let engine: QueryEngine
const clock = new FakeClock()

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-engine-'))
  await copyVega(dir, {'seattle-weather.csv': 'weather.csv', 'wheat.json': 'wheat.json'})
  await onDatabase(
    ':memory:',
    `COPY (SELECT range AS id, 100 * range AS salary FROM range(5)) TO '${dir}/payroll.parquet'`,
  )
  await writeFile(join(dir, 'secret.txt'), 'top secret')
  const {store} = await openStore(dir)
  engine = createQueryEngine({warehouse, store, clock})
})
afterAll(async () => {
  await engine.close()
  await rm(dir, {recursive: true, force: true})
})

const allowed = new Set(['weather', 'wheat'])
const ask = (sql: string, limit = 10) => engine.query(sql, {limit, allowed, isAdmin: false})

async function refusal(sql: string): Promise<{status: number; detail: unknown}> {
  const error = await ask(sql).then(
    (result) => expect.fail(`was answered: ${JSON.stringify(result.rows.map(String))}`),
    (thrown: ApiError) => thrown,
  )
  return {status: error.status, detail: error.detail}
}

describe('statements that are answered', () => {
  it.each([
    ['a plain SELECT', 'SELECT count(*) FROM weather', '1461'],
    ['one closing semicolon', 'SELECT count(*) FROM weather;', '1461'],
    ['leading comments', '-- note\n/* more */ SELECT count(*) FROM weather', '1461'],
    ['the schema written out', 'SELECT count(*) FROM main.weather', '1461'],
    ['another case', 'SELECT count(*) FROM "WEATHER"', '1461'],
    ['a CTE', 'WITH w AS (SELECT * FROM weather) SELECT count(*) FROM w', '1461'],
    ['a CTE named like a table', 'WITH payroll AS (SELECT 1 AS a) SELECT a FROM payroll', '1'],
    [
      'a recursive CTE',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT max(i) FROM n',
      '4',
    ],
    ['computing table functions', 'SELECT sum(range) FROM range(4), unnest([1, 2])', '12'],
    [
      'a forbidden name in a literal',
      "SELECT 'payroll; DROP TABLE weather -- http://x'",
      'payroll; DROP TABLE weather -- http://x',
    ],
    [
      'a column called like a verb',
      'SELECT max(payload) FROM (SELECT 7 AS payload) AS update',
      '7',
    ],
    ['a subquery', 'SELECT (SELECT count(*) FROM wheat)', '52'],
  ])('%s', async (_title, sql, expected) => {
    expect(String((await ask(sql)).rows[0]?.[0])).toBe(expected)
  })

  it('says when more rows existed, and keeps duplicate column names', async () => {
    const result = await ask('SELECT date, date FROM weather', 2)
    expect(result.columns.map(({name}) => name)).toEqual(['date', 'date'])
    expect(result).toMatchObject({truncated: true, bytesScanned: null})
    expect(result.rows).toHaveLength(2)
    expect((await ask('SELECT 1 UNION ALL SELECT 2', 2)).truncated).toBe(false)
    expect(await ask('SELECT 1', 0)).toMatchObject({rows: [], truncated: true})
  })

  it('answers admins for every table', async () => {
    const options = {limit: 1, allowed: new Set<string>(), isAdmin: true}
    expect((await engine.query('SELECT sum(salary) FROM payroll', options)).rows[0]?.[0]).toBe(
      1000n,
    )
  })
})

describe('tables outside the rights', () => {
  it.each([
    'SELECT * FROM payroll',
    'SELECT * FROM "PayRoll"',
    'SELECT * FROM main.payroll',
    'SELECT 1 FROM weather WHERE 1 IN (SELECT id FROM payroll)',
    'SELECT (SELECT max(salary) FROM payroll)',
    'SELECT * FROM weather, LATERAL (SELECT * FROM payroll)',
    'WITH w AS (SELECT * FROM payroll) SELECT * FROM w',
    'WITH payroll AS (SELECT * FROM payroll) SELECT * FROM payroll',
    'WITH a AS (SELECT * FROM payroll), payroll AS (SELECT 1) SELECT * FROM a',
    'SELECT * FROM (WITH payroll AS (SELECT 1) SELECT * FROM payroll), payroll',
    'SELECT 1 UNION ALL SELECT salary FROM payroll',
    'SELECT * FROM weather JOIN /* x */ payroll ON true',
    'SELECT * FROM (PIVOT payroll ON id IN (1, 2) USING sum(salary))',
    'SELECT * FROM (DESCRIBE payroll)',
    'SELECT * FROM (SUMMARIZE payroll)',
    'SELECT * FROM weather WHERE EXISTS (FROM payroll)',
    'SELECT count(*) FILTER (WHERE 1 IN (SELECT id FROM payroll)) FROM weather',
    'SELECT sum(1) OVER (ORDER BY (SELECT max(id) FROM payroll)) FROM weather',
    'SELECT 1 ORDER BY (SELECT max(id) FROM payroll)',
    'SELECT 1 LIMIT (SELECT max(id) FROM payroll)',
  ])('refuses %s', async (sql) => {
    expect(await refusal(sql)).toEqual({status: 403, detail: "Access denied to table 'payroll'"})
  })
})

describe('statements that reach beyond the tables', () => {
  const select = 'Only single SELECT queries are allowed'
  it.each([
    ["SELECT * FROM read_csv('secret.txt')", select],
    ["SELECT * FROM read_text('/etc/passwd')", select],
    ["SELECT * FROM read_blob('**')", select],
    ["SELECT * FROM glob('*')", select],
    ["SELECT * FROM parquet_metadata('x.parquet')", select],
    ["SELECT * FROM query('SELECT * FROM payroll')", select],
    ["SELECT * FROM query_table('payroll')", select],
    ["SELECT * FROM weather WHERE 1 IN (SELECT 1 FROM query_table(['payroll']))", select],
    ["SELECT * FROM json_execute_serialized_sql('{}')", select],
    ['SELECT * FROM duckdb_tables()', select],
    ['SELECT * FROM duckdb_settings()', select],
    ['SELECT * FROM pragma_database_list()', select],
    ["SELECT current_setting('allowed_paths')", select],
    ["SELECT getenv('HOME')", select],
    ["SELECT json_serialize_plan('SELECT * FROM payroll')", select],
    ['SELECT pg_get_viewdef(1)', select],
    ['SELECT * FROM (SHOW TABLES)', select],
    ['SELECT * FROM histogram(weather, wind)', select],
    ['DROP TABLE weather', select],
    ["ATTACH 'x.db' AS x", select],
    ["COPY weather TO 'out.csv'", select],
    ['INSTALL httpfs', select],
    ['LOAD httpfs', select],
    ['PRAGMA database_list', select],
    ['SET threads = 1', select],
    ['CALL duckdb_tables()', select],
    ["EXPORT DATABASE 'x'", select],
    ['INSERT INTO weather SELECT * FROM weather', select],
    ['WITH w AS (SELECT 1) DELETE FROM weather', select],
    ['SELECT 1; SELECT 2', select],
    ['SELECT 1; DROP TABLE weather', select],
    ['selec 1', 'Query must start with SELECT or WITH'],
    ['FROM weather', 'Query must start with SELECT or WITH'],
    ['VALUES (1)', 'Query must start with SELECT or WITH'],
    ['DESCRIBE weather', 'Query must start with SELECT or WITH'],
    ['SHOW TABLES', 'Query must start with SELECT or WITH'],
    [
      "SELECT * FROM '/etc/passwd'",
      'Query error: Catalog Error: Table with name /etc/passwd does not exist!',
    ],
    [
      'SELECT * FROM "secret.txt"',
      'Query error: Catalog Error: Table with name secret.txt does not exist!',
    ],
    [
      "SELECT * FROM 'weather.csv'",
      'Query error: Catalog Error: Table with name weather.csv does not exist!',
    ],
    [
      'SELECT * FROM information_schema.tables',
      'Query error: Catalog Error: Table with name information_schema.tables does not exist!',
    ],
    [
      'SELECT * FROM sqlite_master',
      'Query error: Catalog Error: Table with name sqlite_master does not exist!',
    ],
    [
      'SELECT * FROM duckdb_tables',
      'Query error: Catalog Error: Table with name duckdb_tables does not exist!',
    ],
    [
      'SELECT * FROM pg_catalog.pg_class',
      'Query error: Catalog Error: Table with name pg_catalog.pg_class does not exist!',
    ],
    [
      'SELECT * FROM system.main.duckdb_tables',
      'Query error: Catalog Error: Table with name main.duckdb_tables does not exist!',
    ],
    ['SELECT nope FROM weather', 'Query error: Binder Error: Referenced column "nope" not found'],
    ['SELECT 1 +', 'Query error: Parser Error: '],
    ['SELECT $1', 'Query error: '],
    ['', 'Query must start with SELECT or WITH'],
    ['-- nothing', 'Query must start with SELECT or WITH'],
  ])('refuses %s', async (sql, text) => {
    const {status, detail} = await refusal(sql)
    expect(status).toBe(400)
    expect(String(detail).slice(0, text.length)).toBe(text)
    expect(String(detail)).not.toContain(dir)
  })

  it('names the unregistered path of another warehouse', async () => {
    expect(await refusal('SELECT * FROM bq."web"."nope"')).toMatchObject({
      status: 403,
      detail: {reason: 'bq_path_not_registered', path: 'bq."web"."nope"'},
    })
  })

  it('points at the place of an error, also behind letters of several bytes', async () => {
    const {detail} = await refusal("SELECT 'ž',\n 'ž' FROM nowhere")
    expect(detail).toBe(
      'Query error: Catalog Error: Table with name nowhere does not exist!\n\n' +
        "LINE 2:  'ž' FROM nowhere\n                  ^",
    )
  })
})

describe('an answer that does not fit into memory', () => {
  it('is refused with what to do, and is not cut', async () => {
    const {store} = await openStore(dir)
    const small = createQueryEngine({warehouse, store, clock, limits: {maxAnswerBytes: 2 ** 20}})
    const query = (sql: string) => small.query(sql, {limit: 1000, allowed, isAdmin: false})
    try {
      expect((await query("SELECT repeat('x', 1000) FROM range(1000)")).rows).toHaveLength(1000)
      for (const value of [
        "repeat('x', 10000)",
        "[{'a': repeat('x', 10000)}]",
        "repeat('x', 10000)::BLOB",
      ])
        await expect(query(`SELECT ${value} FROM range(1000)`)).rejects.toMatchObject({
          status: 400,
          detail: {kind: 'bq_response_too_large', message: 'The answer has more than 1 MiB.'},
        })
    } finally {
      await small.close()
    }
  })
})

describe('limits', () => {
  it.each([
    ['a long text', `SELECT ${'1,'.repeat(60_000)}1`],
    ['a deep expression', `SELECT ${'1+'.repeat(300)}1`],
    ['many parentheses', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
  ])('refuses %s before the engine works on it', async (_title, sql) => {
    expect(await refusal(sql)).toMatchObject({status: 400})
  })

  it('stops a statement that takes too long', async () => {
    const asked = refusal(
      'SELECT count(*) FROM range(100000000000) a, range(1000000) b WHERE a.range % 7 = b.range',
    )
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(300_000)
    expect(await asked).toMatchObject({status: 504, detail: {reason: 'remote_statement_timeout'}})
  })

  it('stops when the caller goes away', async () => {
    const gone = new AbortController()
    const asked = engine.query(
      'SELECT count(*) FROM range(100000000000) a, range(1000000) b WHERE a.range % 7 = b.range',
      {limit: 1, allowed, isAdmin: false},
      gone.signal,
    )
    const waitingBefore = clock.waiting
    while (clock.waiting <= waitingBefore) await new Promise((resolve) => setImmediate(resolve))
    gone.abort(new Error('gone'))
    await expect(asked).rejects.toThrow('gone')
  })

  it('answers many callers at once', async () => {
    const answers = await Promise.all(
      Array.from({length: 20}, (_, index) => ask(`SELECT count(*) + ${index} FROM weather`)),
    )
    expect(answers.map(({rows}) => Number(rows[0]?.[0]))).toEqual(
      answers.map((_, index) => 1461 + index),
    )
  })
})
