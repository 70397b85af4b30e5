import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, readdir, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {BusyError, IntegrityError, QueryError, TooLargeError} from '../../src/lib/errors.js'
import type {SessionOptions, WarehouseSession} from '../../src/lib/ports/warehouse.js'
import {tempDir} from '../support/temp-dir.js'

const warehouse = new DuckDbWarehouse()

async function open(options: Partial<SessionOptions> = {}): Promise<WarehouseSession> {
  const session = await warehouse.open({path: ':memory:', access: 'write', threads: 1, ...options})
  onTestFinished(() => session.close())
  return session
}

async function failure(work: Promise<unknown>): Promise<any> {
  return work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )
}

describe('cells', () => {
  const cases: [sql: string, kind: string, cell: unknown][] = [
    ['true', 'boolean', true],
    ['(-128)::TINYINT', 'tinyint', -128],
    ['(-32768)::SMALLINT', 'smallint', -32768],
    ['2147483647::INTEGER', 'integer', 2147483647],
    ['255::UTINYINT', 'utinyint', 255],
    ['65535::USMALLINT', 'usmallint', 65535],
    ['4294967295::UINTEGER', 'uinteger', 4294967295],
    ['(-9223372036854775808)::BIGINT', 'bigint', -9223372036854775808n],
    ['18446744073709551615::UBIGINT', 'ubigint', 18446744073709551615n],
    [
      '(-170141183460469231731687303715884105728)::HUGEINT',
      'hugeint',
      -170141183460469231731687303715884105728n,
    ],
    [
      '340282366920938463463374607431768211455::UHUGEINT',
      'uhugeint',
      340282366920938463463374607431768211455n,
    ],
    [
      "'123456789012345678901234567890123456789012'::BIGNUM",
      'bignum',
      123456789012345678901234567890123456789012n,
    ],
    ['0.1::FLOAT', 'float', Math.fround(0.1)],
    ["'nan'::DOUBLE", 'double', Number.NaN],
    ["'-inf'::DOUBLE", 'double', -Infinity],
    ['1.10::DECIMAL(4,2)', 'decimal', 110n],
    ['-1.10::DECIMAL(9,2)', 'decimal', -110n],
    ['123456789012.3456::DECIMAL(18,4)', 'decimal', 1234567890123456n],
    ['99999999999999999999999999999999999999::DECIMAL(38,0)', 'decimal', 10n ** 38n - 1n],
    ["'short'", 'varchar', 'short'],
    ["'žluťoučký kůň úpěl ďábelské ódy'", 'varchar', 'žluťoučký kůň úpěl ďábelské ódy'],
    ['\'{"a": 1}\'::JSON', 'json', '{"a": 1}'],
    [
      "'0f2c1d6e-0000-4000-8000-00000000ffff'::UUID",
      'uuid',
      '0f2c1d6e-0000-4000-8000-00000000ffff',
    ],
    ["'\\x00\\xFFa'::BLOB", 'blob', Uint8Array.of(0, 255, 97)],
    ["'10110'::BIT", 'bit', '10110'],
    ["'b'::ENUM('a', 'b')", 'enum', 'b'],
    ["DATE '1969-12-31'", 'date', -1],
    ["DATE 'infinity'", 'date', Infinity],
    ["TIME '23:59:59.999999'", 'time', 86399999999n],
    ["'00:00:00.123456789'::TIME_NS", 'time_ns', 123456789n],
    ["TIMETZ '01:00:00+02:30'", 'timetz', {micros: 3600000000n, offsetSeconds: 9000}],
    ["TIMESTAMP '1969-12-31 23:59:59.999999'", 'timestamp', -1n],
    ["TIMESTAMP '-infinity'", 'timestamp', '-infinity'],
    ["TIMESTAMP_S '1970-01-01 00:00:01'", 'timestamp', 1n],
    ["TIMESTAMP_MS '1970-01-01 00:00:00.001'", 'timestamp', 1n],
    ["TIMESTAMP_NS '1970-01-01 00:00:00.000000001'", 'timestamp', 1n],
    ["TIMESTAMPTZ '1970-01-01 01:00:00+01'", 'timestamp', 0n],
    ["INTERVAL '14 months 3 days 1 second'", 'interval', {months: 14, days: 3, micros: 1000000n}],
    ['[1, NULL, 3]', 'list', [1, null, 3]],
    ["[['a'], [], NULL]", 'list', [['a'], [], null]],
    ['[1, 2]::INTEGER[2]', 'array', [1, 2]],
    ["{'a': 1, 'b': [NULL]}", 'struct', [1, [null]]],
    ['row(1, 2)', 'struct', [1, 2]],
    ['[row(1, 2)]', 'list', [[1, 2]]],
    [
      "MAP {'k': 1.5, 'l': NULL}",
      'map',
      [
        ['k', 15n],
        ['l', null],
      ],
    ],
    ["union_value(s := 'x')", 'union', {tag: 's', value: 'x'}],
    ["'x'::VARIANT", 'other', 'x'],
    ['NULL', 'null', null],
  ]

  it.each(cases)('%s is a %s cell', async (sql, kind, cell) => {
    const session = await open()
    const {columns, batches} = await session.stream(`SELECT ${sql} AS v`)
    const found = []
    for await (const batch of batches) found.push(...batch.columns[0]!)
    const actual = found[0] instanceof Uint8Array ? Uint8Array.from(found[0]) : found[0]
    expect(columns[0]!.type.kind === 'null' ? 'null' : columns[0]!.type.kind).toBe(
      sql === 'NULL' ? 'integer' : kind,
    )
    expect([actual, found.length]).toEqual([cell, 1])
  })

  it.each(cases)(
    '%s reads the same beside NULL, past the first vector',
    async (sql, _kind, cell) => {
      const session = await open()
      const rows = await session.rows(
        `SELECT v FROM range(5000) t(i) LEFT JOIN (SELECT ${sql} AS v) ON i % 3 <> 0 ORDER BY i`,
      )
      const asPlain = (value: unknown) =>
        value instanceof Uint8Array ? Uint8Array.from(value) : value
      expect(rows).toHaveLength(5000)
      expect([0, 1, 4999, 4998].map((row) => asPlain(rows[row]![0]))).toEqual([
        null,
        cell,
        cell,
        null,
      ])
    },
  )

  it('covers every type the engine has', async () => {
    const session = await open()
    const {columns, batches} = await session.stream('SELECT * FROM test_all_types()')
    const rows = []
    for await (const batch of batches) rows.push(batch.rowCount)
    expect(columns.length).toBeGreaterThan(50)
    expect(rows).toEqual([3])
    const unknown = columns.filter(({type}) => type.kind === 'other').map(({typeText}) => typeText)
    expect(unknown.filter((text) => !/^(?:VARIANT|GEOMETRY)/.test(text))).toEqual([])
  })
})

describe('texts', () => {
  it.each([
    ["repeat('é', i % 40)", (row: number) => 'é'.repeat(row % 40)],
    [
      "CASE WHEN i % 5 = 0 THEN NULL ELSE repeat('x', (i * 7) % 23) || i END",
      (row: number) => (row % 5 === 0 ? null : 'x'.repeat((row * 7) % 23) + row),
    ],
    [
      "list_extract(['a long text of the list', 'b', 'another long text'], 1 + i % 3)",
      (row: number) => ['a long text of the list', 'b', 'another long text'][row % 3],
    ],
    [
      "repeat('z', CASE WHEN i % 1000 = 0 THEN 100000 ELSE i % 20 END)",
      (row: number) => 'z'.repeat(row % 1000 === 0 ? 100000 : row % 20),
    ],
  ])('%s reads exactly', async (sql, expected) => {
    const session = await open()
    const rows = await session.rows(`SELECT ${sql} FROM range(6000) t(i)`)
    expect(rows.findIndex(([cell], row) => cell !== expected(row))).toBe(-1)
    expect(rows).toHaveLength(6000)
  })
})

describe('a stream', () => {
  it('keeps duplicate column names and the order of rows', async () => {
    const session = await open({threads: 2})
    const {columns, batches} = await session.stream('SELECT i AS x, -i AS x FROM range(10000) t(i)')
    expect(columns.map(({name, typeText}) => [name, typeText])).toEqual([
      ['x', 'BIGINT'],
      ['x', 'BIGINT'],
    ])
    let next = 0n
    for await (const batch of batches)
      for (let row = 0; row < batch.rowCount; row++, next++) {
        expect(batch.columns[0]![row] === next && batch.columns[1]![row] === -next).toBe(true)
      }
    expect(next).toBe(10000n)
  })

  it('can be left early, and the session goes on', async () => {
    const session = await open()
    const {batches} = await session.stream('SELECT * FROM range(100000000)')
    for await (const batch of batches) if (batch.rowCount > 0) break
    expect(await session.rows('SELECT 1')).toEqual([[1]])
  })

  it('takes parameters of each simple kind', async () => {
    const session = await open()
    const parameters = [1, 1.5, 2n ** 63n, 'x', null, true, Uint8Array.of(1), ['a', 'b']]
    const [row] = await session.rows('SELECT $1, $2, $3, $4, $5, $6, $7::BLOB, $8', parameters)
    expect(row!.map((cell) => (cell instanceof Uint8Array ? Uint8Array.from(cell) : cell))).toEqual(
      [1n, 1.5, 2n ** 63n, 'x', null, true, Uint8Array.of(1), ['a', 'b']],
    )
    expect(await session.rows('SELECT 1 FROM range(9) LIMIT $1', [2])).toHaveLength(2)
  })

  it('rejects with the reason of the signal, before and during the work', async () => {
    const session = await open()
    const stopped = AbortSignal.abort(new Error('too late'))
    expect((await failure(session.rows('SELECT 1', [], stopped))).message).toBe('too late')
    const controller = new AbortController()
    const work = session.rows(
      'SELECT count(*) FROM range(10000000000) a, range(1000) b',
      [],
      controller.signal,
    )
    setImmediate(() => controller.abort(new Error('enough')))
    expect((await failure(work)).message).toBe('enough')
    expect(await session.rows('SELECT 1')).toEqual([[1]])
  })

  it.each([
    [
      "SELECT CASE WHEN i = 900000 THEN error('bang') ELSE i::VARCHAR END FROM range(1000000) t(i); -- end",
      [],
      'bang',
    ],
    [
      "SELECT (CASE WHEN i = 900000 THEN $1 || i ELSE '1' END)::INTEGER FROM range(1000000) t(i)",
      ['pow'],
      'pow',
    ],
    [
      "SELECT (CASE WHEN i = 900000 THEN 'x' || i ELSE '1' END)::INTEGER FROM range(1000000) t(i)",
      [],
      'x',
    ],
  ])('tells of a failure in the middle: %s', async (sql, parameters, text) => {
    const session = await open()
    const {batches} = await session.stream(sql, parameters)
    let rows = 0
    const error = await failure(
      (async () => {
        for await (const batch of batches) rows += batch.rowCount
      })(),
    )
    expect([error.constructor, error.message.includes(text)]).toEqual([QueryError, true])
    expect(rows).toBeLessThanOrEqual(900000)
    expect(await session.rows('SELECT 1')).toEqual([[1]])
  })

  it('rejects with the reason of the signal between two batches', async () => {
    const session = await open()
    const controller = new AbortController()
    const {batches} = await session.stream('SELECT * FROM range(100000000)', [], controller.signal)
    const work = (async () => {
      for await (const _batch of batches) controller.abort(new Error('enough'))
    })()
    expect((await failure(work)).message).toBe('enough')
  })

  it('shows times in UTC whatever the zone of the machine', async () => {
    const session = await open()
    expect(await session.rows("SELECT (TIMESTAMPTZ '2026-01-31 12:00:00Z')::VARCHAR")).toEqual([
      ['2026-01-31 12:00:00+00'],
    ])
  })

  it('counts the rows a statement changes', async () => {
    const session = await open()
    await session.run('CREATE TABLE t AS SELECT * FROM range(5)')
    expect(await session.run('DELETE FROM t WHERE range >= $1', [2])).toBe(3)
  })
})

describe('inspect', () => {
  it.each<[string, string, string[]]>([
    ['SELECT * FROM a', 'select', ['a']],
    ['-- first\n/* and /* nested */ */ SELECT * FROM a; -- last', 'select', ['a']],
    [
      'WITH c AS (SELECT * FROM base) SELECT * FROM c JOIN "My Tab" ON true',
      'select',
      ['My Tab', 'base'],
    ],
    ['WITH a AS (SELECT * FROM a) SELECT * FROM a', 'select', ['a']],
    ['SELECT * FROM s."x.y" WHERE z IN (SELECT q FROM deep)', 'select', ['deep', 's|x.y']],
    ['FROM cat.sch.tab', 'select', ['cat.sch|tab']],
    ['VALUES (1)', 'select', []],
    ['TABLE t', 'select', ['t']],
    ['DESCRIBE foo', 'select', ['foo']],
    ['SUMMARIZE foo', 'select', ['foo']],
    ['SHOW TABLES', 'select', []],
    ['PIVOT cities ON year IN (1, 2) USING sum(pop)', 'select', ['cities']],
    ['UNPIVOT t ON a', 'select', ['t']],
    ["FROM query('FROM hidden')", 'select', ['hidden']],
    ["FROM query_table('abc')", 'select', ['abc']],
    ["SELECT ';' FROM read_csv('/etc/passwd')", 'select', []],
    ['EXPLAIN SELECT * FROM a', 'explain', ['a']],
    ['EXPLAIN ANALYZE SELECT * FROM a', 'explain', ['a']],
    ['EXPLAIN (FORMAT json) SELECT * FROM a', 'explain', ['a']],
    ["EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'", 'other', []],
    ['EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1', 'other', []],
    ['CREATE TABLE x AS SELECT 1', 'other', []],
    ['INSERT INTO x VALUES (1)', 'other', []],
    ['WITH y AS (SELECT 1) INSERT INTO x FROM y', 'other', []],
    ['WITH y AS (SELECT 1) DELETE FROM x', 'other', []],
    ["COPY (SELECT * FROM a) TO 'x'", 'other', []],
    ['CREATE VIEW v AS SELECT * FROM a', 'other', ['a']],
    [
      'CREATE OR REPLACE TEMP VIEW main."v as" (x, "AS") AS WITH c AS (FROM d) FROM c, e',
      'other',
      ['d', 'e'],
    ],
    ["ATTACH 'x' AS y", 'other', []],
    ['INSTALL httpfs', 'other', []],
    ['LOAD httpfs', 'other', []],
    ["SET memory_limit = '1GB'", 'other', []],
    ['PRAGMA enable_profiling', 'other', []],
    ['CALL pragma_version()', 'other', []],
    ["EXPORT DATABASE 'x'", 'other', []],
    ['CHECKPOINT', 'other', []],
    ['USE x', 'other', []],
    ['BEGIN', 'other', []],
  ])('%s', async (sql, kind, names) => {
    const session = await open()
    const facts = await session.inspect(sql)
    const found = facts.tableNames.map(({schema, name}) => (schema ? `${schema}|${name}` : name))
    expect([facts.kind, found.sort()]).toEqual([kind, names.sort()])
  })

  it('touches no file, not even for statements the engine prepares by touching some', async () => {
    const dir = await tempDir()
    const session = await open()
    for (const sql of [
      "EXPORT DATABASE '{}/a'",
      "EXPLAIN EXPORT DATABASE '{}/b'",
      "IMPORT DATABASE '{}/c'",
    ])
      expect((await session.inspect(sql.replace('{}', dir))).kind).toBe('other')
    expect(await readdir(dir)).toEqual([])
  })

  it('names every table a PIVOT without values could read', async () => {
    const session = await open()
    for (const sql of [
      'PIVOT cities ON year USING sum(pop)',
      'FROM (PIVOT "cities" ON year USING sum(pop))',
    ]) {
      const {kind, tableNames} = await session.inspect(sql)
      expect([kind, tableNames.some(({name}) => name === 'cities')]).toEqual(['select', true])
    }
    const writing = 'INSERT INTO t FROM (PIVOT cities ON year USING sum(pop))'
    expect((await session.inspect(writing)).kind).toBe('other')
  })

  it('names the functions, quoted or hidden in a subquery', async () => {
    const session = await open()
    const {functionNames} = await session.inspect(
      'SELECT (SELECT max(x) FROM "Enable_Logging" ()) + abs(1)',
    )
    expect(functionNames).toEqual(expect.arrayContaining(['max', 'enable_logging', 'abs']))
  })

  it.each(['', '   ;', '-- nothing', 'SELECT 1; SELECT 2', 'SELEC 1', "SELECT 'open"])(
    'refuses %j',
    async (sql) => {
      expect(await failure((await open()).inspect(sql))).toBeInstanceOf(QueryError)
    },
  )
})

describe('a locked session', () => {
  async function locked(): Promise<{session: WarehouseSession; dir: string}> {
    const dir = await tempDir()
    await mkdir(join(dir, 'data'))
    await writeFile(join(dir, 'data/a.csv'), 'x\n1\n')
    await writeFile(join(dir, 'secret.csv'), 'x\n2\n')
    await symlink(join(dir, 'secret.csv'), join(dir, 'data/link.csv'))
    return {dir, session: await open({allowedDirectories: [join(dir, 'data')]})}
  }

  it('reads its folders and nothing else', async () => {
    const {session, dir} = await locked()
    expect(await session.rows(`FROM '${dir}/data/a.csv'`)).toEqual([[1n]])
    for (const path of ['secret.csv', 'data/../secret.csv', 'data/link.csv']) {
      const error = await failure(session.rows(`FROM read_csv('${dir}/${path}')`))
      expect([error.constructor, error.code]).toEqual([QueryError, 'not_permitted'])
    }
  })

  it.each([
    "SET memory_limit = '1TB'",
    'SET lock_configuration = false',
    'INSTALL httpfs',
    'LOAD httpfs',
    "ATTACH '/tmp/other.duckdb'",
    "COPY (SELECT 1) TO '/tmp/agnes-escape.csv'",
  ])('refuses %s', async (sql) => {
    const {session} = await locked()
    expect(await failure(session.run(sql))).toBeInstanceOf(QueryError)
  })
})

describe('files', () => {
  it('keeps what was written, and reads it back without the right to write', async () => {
    const path = join(await tempDir(), 'a.duckdb')
    const writer = await open({path})
    await writer.run('CREATE TABLE t AS SELECT 42 AS x')
    await writer.close()
    const reader = await open({path, access: 'read'})
    expect(await reader.rows('FROM t')).toEqual([[42]])
    expect(await failure(reader.run('CREATE TABLE u AS SELECT 1'))).toBeInstanceOf(QueryError)
  })

  it('attaches a file read-only as the default, where temporary views of the same name win', async () => {
    const dir = await tempDir()
    const path = join(dir, 'a.duckdb')
    const writer = await open({path})
    await writer.run("CREATE TABLE t AS SELECT 'own' AS x; CREATE VIEW v AS FROM t")
    await writer.close()
    const session = await open({attach: [{path, name: 'analytics'}], allowedDirectories: [dir]})
    expect(await session.rows('FROM v')).toEqual([['own']])
    await session.run("CREATE TEMP VIEW t AS SELECT 'temporary' AS x")
    expect(await session.rows('FROM v')).toEqual([['temporary']])
    expect(await failure(session.run('CREATE TABLE analytics.u AS SELECT 1'))).toBeInstanceOf(
      QueryError,
    )
  })

  it('says which process holds a file', async () => {
    const path = join(await tempDir(), 'a.duckdb')
    const script = `const {DuckDBInstance} = await import('@duckdb/node-api')
      const instance = await DuckDBInstance.create(${JSON.stringify(path)})
      const connection = await instance.connect()
      await connection.run('CREATE TABLE t AS SELECT 1')
      process.stdout.write('ready')
      process.stdin.on('end', () => connection.closeSync()).resume()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill())
    await once(child.stdout, 'data')
    const error = await failure(open({path, access: 'read'}))
    expect(error).toBeInstanceOf(BusyError)
    expect([error.code, error.details.pid]).toEqual(['database_locked', child.pid])
    const attached = await failure(open({attach: [{path, name: 'a'}]}))
    expect(attached.details.pid).toBe(child.pid)
    child.stdin.end()
    await once(child, 'exit')
    expect(await (await open({path, access: 'read'})).rows('SELECT count(*) FROM t')).toEqual([
      [1n],
    ])
  })

  it('tells a damaged file from a wrong statement', async () => {
    const dir = await tempDir()
    const path = join(dir, 'bad')
    await writeFile(path, Buffer.alloc(20_000, 7))
    expect(await failure(open({path}))).toBeInstanceOf(IntegrityError)
    const session = await open()
    expect(await failure(session.rows(`FROM read_parquet('${path}')`))).toBeInstanceOf(
      IntegrityError,
    )
  })
})

describe('failures', () => {
  it.each([
    ['SELECT nosuch', QueryError, 'query_error', undefined],
    ['SELEC 1', QueryError, 'query_error', undefined],
    ["SELECT 'a'::INTEGER", QueryError, 'query_error', undefined],
    ['FROM nosuch', QueryError, 'query_error', 'nosuch'],
    ['FROM "No Such"', QueryError, 'query_error', 'No Such'],
    ['FROM s1.nosuch', QueryError, 'query_error', 's1.nosuch'],
    ["FROM '/nosuch/file.parquet'", QueryError, 'io_error', undefined],
  ])('%s', async (sql, kind, code, missingTable) => {
    const error = await failure((await open()).rows(sql))
    expect([error.constructor, error.code, error.details.missingTable]).toEqual([
      kind,
      code,
      missingTable,
    ])
  })

  it('says when the memory limit is reached', async () => {
    const session = await open({memoryLimitMb: 16})
    const sql = "SELECT list(i::VARCHAR || repeat('x', 100)) FROM range(1000000) t(i)"
    expect(await failure(session.rows(sql))).toBeInstanceOf(TooLargeError)
  })
})

describe('exportParquet', () => {
  const nameColumns = (names: readonly string[]) =>
    names.map((name, index) => `${name}${index || ''}`)

  it.each([
    ['170141183460469231731::HUGEINT', 'DECIMAL(38,0)', '170141183460469231731'],
    [
      '[{h: 170141183460469231731::HUGEINT, j: 1}]',
      'STRUCT(h DECIMAL(38,0), j INTEGER)[]',
      "[{'h': 170141183460469231731, 'j': 1}]",
    ],
    ["MAP {'a': 1::HUGEINT}", 'MAP(VARCHAR, DECIMAL(38,0))', '{a=1}'],
    ["INTERVAL '1 month 1.000001 second'", 'VARCHAR', '1 month 00:00:01.000001'],
    ["TIMETZ '01:00:00+02'", 'VARCHAR', '01:00:00+02'],
    [
      "'123456789012345678901234567890123456789012'::BIGNUM",
      'VARCHAR',
      '123456789012345678901234567890123456789012',
    ],
    ['9223372036854775807', 'BIGINT', '9223372036854775807'],
    ['1.10::DECIMAL(4,2)', 'DECIMAL(4,2)', '1.10'],
    [
      "TIMESTAMP_NS '2020-01-01 00:00:00.000000001'",
      'TIMESTAMP_NS',
      '2020-01-01 00:00:00.000000001',
    ],
    ["'nan'::DOUBLE", 'DOUBLE', 'nan'],
    ["'\\x00\\xFF'::BLOB", 'BLOB', '\\x00\\xFF'],
  ])('keeps %s', async (sql, type, text) => {
    const dir = await tempDir()
    const path = join(dir, "it's.parquet")
    const session = await open({allowedDirectories: [], allowedFiles: [path]})
    expect(await session.exportParquet(`SELECT ${sql} AS v -- end`, {path, nameColumns})).toBe(1)
    const source = `read_parquet('${path.replace("'", "''")}')`
    expect(await session.rows(`SELECT typeof(v), v::VARCHAR FROM ${source}`)).toEqual([
      [type, text],
    ])
  })

  it('makes repeated names differ, keeps order, and stops at the limit', async () => {
    const path = join(await tempDir(), 'a.parquet')
    const session = await open({threads: 2})
    const sql = 'SELECT i AS x, -i AS "X", 0 AS x_2 FROM range(10000) t(i);'
    expect(await session.exportParquet(sql, {path, limit: 3000, nameColumns})).toBe(3000)
    const {columns, batches} = await session.stream(`FROM '${path}'`)
    const cells = []
    for await (const batch of batches) cells.push(...batch.columns[0]!)
    expect(columns.map(({name}) => name)).toEqual(['x', 'X1', 'x_22'])
    expect(cells.every((cell, row) => cell === BigInt(row))).toBe(true)
  })

  it('refuses what is not a SELECT, and leaves no file', async () => {
    const dir = await tempDir()
    const session = await open()
    const work = session.exportParquet("COPY (SELECT 1) TO 'x'", {
      path: join(dir, 'a.parquet'),
      nameColumns,
    })
    expect(await failure(work)).toBeInstanceOf(QueryError)
    expect(await readdir(dir)).toEqual([])
  })
})
