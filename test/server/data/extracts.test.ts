import {mkdir, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {createQueryEngine} from '../../../src/server/engine/query-engine.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempDir} from '../../support/temp-dir.js'
import {onDatabase, writeParquet} from '../../support/engine.js'
import {META, openStore, warehouse} from './open-store.js'

interface SourceOptions {
  /** Rows of `_meta` as SQL value lists. */
  meta: string[]
  /** Data files, by path below `data/`, as SELECT statements. */
  data?: Record<string, string>
  /** More statements on `extract.duckdb`. */
  more?: string[]
}

async function writeSource(dir: string, name: string, {meta, data = {}, more = []}: SourceOptions) {
  const folder = join(dir, 'extracts', name)
  for (const [path, select] of Object.entries(data)) {
    await mkdir(join(folder, 'data', path, '..'), {recursive: true})
    await writeParquet(select, join(folder, 'data', path))
  }
  await mkdir(folder, {recursive: true})
  const rows = meta.map((values) => `INSERT INTO _meta VALUES (${values})`)
  await onDatabase(join(folder, 'extract.duckdb'), META, ...rows, ...more)
}

const row = (name: string, mode = 'local') =>
  `'${name}', 'about ${name}', 3, 100, TIMESTAMP '2026-05-01 04:05:06.123456', '${mode}'`

async function ask(dir: string, sql: string, secrets: Record<string, string> = {}) {
  const {store} = await openStore(dir, secrets)
  const engine = createQueryEngine({warehouse, store, clock: new FakeClock()})
  try {
    return await engine.query(sql, {limit: 100, allowed: new Set(), isAdmin: true})
  } finally {
    await engine.close()
  }
}

describe('extracts', () => {
  it('publish what _meta says and what the files are', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'crm', {
      meta: [
        row('accounts'),
        row('Big Orders'),
        row('never', 'materialized'),
        row('visits', 'remote'),
      ],
      data: {'accounts.parquet': 'FROM range(3)'},
    })
    const {store, logger} = await openStore(dir)
    expect(store.tables().map(({name}) => name)).toEqual(['accounts', 'never', 'visits'])
    expect(store.byId('accounts')).toMatchObject({
      source: 'crm',
      sourceType: 'crm',
      description: 'about accounts',
      rows: 3,
      updated: '2026-05-01T04:05:06.123456',
      queryMode: 'local',
      file: join(dir, 'extracts/crm/data/accounts.parquet'),
    })
    expect(store.byId('never')).toMatchObject({
      hash: null,
      rows: null,
      sizeBytes: null,
      updated: null,
    })
    expect(store.byId('visits')).toMatchObject({hash: '', file: null, queryMode: 'remote'})
    expect(logger.lines.map(({event}) => event)).toEqual(['server.table_name_unsafe'])
  })

  it('give a table name that two sources claim to the first source, and say so', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'b_shop', {
      meta: [row('Orders')],
      data: {'Orders.parquet': 'SELECT 2 AS v'},
    })
    await writeSource(dir, 'a_crm', {
      meta: [row('orders')],
      data: {'orders.parquet': 'SELECT 1 AS v'},
    })
    const {store, logger} = await openStore(dir)
    expect(store.tables().map(({name, source}) => [name, source])).toEqual([['orders', 'a_crm']])
    expect(logger.lines).toEqual([
      {
        event: 'server.table_name_taken',
        fields: {table: 'Orders', keptFrom: 'a_crm', ignoredFrom: 'b_shop'},
      },
    ])
  })

  it('prefer the single file when both layouts are there, and say so', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'crm', {
      meta: [row('t')],
      data: {'t.parquet': 'SELECT 1 AS v', 't/2026_01.parquet': 'SELECT 2 AS v'},
    })
    const {store, logger} = await openStore(dir)
    expect(store.byId('t')).toMatchObject({parts: null})
    expect(logger.lines.map(({event}) => event)).toEqual(['server.table_has_two_layouts'])
  })

  it('read partitioned tables whole, flat or hive', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'crm', {
      meta: [row('flat'), row('hive')],
      data: {
        'flat/2026_01.parquet': 'SELECT 1 AS v',
        'flat/2026_02.parquet': "SELECT 2 AS v, 'new' AS extra",
        'hive/month=2026-01/data.parquet': 'SELECT 3 AS v',
        'hive/month=2026-02/data.parquet': 'SELECT 4 AS v',
      },
    })
    expect((await ask(dir, 'SELECT v, extra FROM flat ORDER BY v')).rows).toEqual([
      [1, null],
      [2, 'new'],
    ])
    expect((await ask(dir, "SELECT v FROM hive WHERE month = '2026-02'")).rows).toEqual([[4]])
  })

  it('may make _meta a view', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'crm', {
      meta: [row('accounts')],
      data: {'accounts.parquet': 'FROM range(3)'},
      more: ['ALTER TABLE _meta RENAME TO listed', 'CREATE VIEW _meta AS FROM listed'],
    })
    const {store} = await openStore(dir)
    expect(store.tables()).toMatchObject([{name: 'accounts', rows: 3}])
  })

  it('survive a damaged source, and keep what was known of one that broke later', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'good', {meta: [row('t')], data: {'t.parquet': 'SELECT 1 AS v'}})
    await mkdir(join(dir, 'extracts/bad'), {recursive: true})
    await writeFile(
      join(dir, 'extracts/bad/extract.duckdb'),
      'this is no database, not even by far',
    )
    const {store, logger} = await openStore(dir)
    expect(store.tables().map(({name}) => name)).toEqual(['t'])
    expect(logger.lines.map(({fields}) => fields.source)).toEqual(['bad'])
    await writeFile(
      join(dir, 'extracts/good/extract.duckdb'),
      'half written by somebody else right now',
    )
    await store.rescan()
    expect(store.tables().map(({name}) => name)).toEqual(['t'])
  })

  it('notice a file that changed although its size did not', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'crm', {meta: [row('t')], data: {'t.parquet': 'SELECT 1 AS v'}})
    const {store} = await openStore(dir)
    const before = store.byId('t')!
    const file = join(dir, 'extracts/crm/data/t.parquet')
    await writeParquet('SELECT 2 AS v', file)
    await utimes(file, new Date(), new Date('2026-06-01'))
    await store.rescan()
    const after = store.byId('t')!
    expect(after.sizeBytes).toBe(before.sizeBytes)
    expect(after.hash).not.toBe(before.hash)
  })
})

const remoteAttach = (url: string, extension = 'duckdb', tokenEnv = '') => [
  'CREATE TABLE _remote_attach (alias VARCHAR, extension VARCHAR, url VARCHAR, token_env VARCHAR)',
  `INSERT INTO _remote_attach VALUES ('wh', '${extension}', '${url}', '${tokenEnv}')`,
]

describe('remote engines', () => {
  it('answer from an attached DuckDB file, and count the bytes', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'extracts/wh'), {recursive: true})
    await onDatabase(
      join(dir, 'extracts/wh/big.duckdb'),
      'CREATE TABLE visits AS SELECT range AS id, range % 10 AS kind FROM range(1000)',
      'CREATE TABLE hidden AS SELECT 1 AS v',
    )
    const attached = `ATTACH '${join(dir, 'extracts/wh/big.duckdb')}' AS wh (READ_ONLY)`
    await writeSource(dir, 'wh', {
      meta: [row('visits', 'remote')],
      more: [...remoteAttach('big.duckdb'), attached, 'CREATE VIEW visits AS FROM wh.main.visits'],
    })
    const result = await ask(dir, 'SELECT kind, count(*) FROM visits GROUP BY 1 ORDER BY 1 LIMIT 1')
    expect(result.rows).toEqual([[0n, 100n]])
    expect(result.bytesScanned).toBe(8000)
    for (const name of [
      'hidden',
      'wh.main.hidden',
      '"extract of wh".main._remote_attach',
      'wh.hidden',
    ])
      await expect(ask(dir, `SELECT * FROM ${name}`)).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('does not exist!'),
      })
  })

  it('answer from a real SQLite file with its types', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'extracts/shop'), {recursive: true})
    await writeSqlite(join(dir, 'extracts/shop/shop.sqlite'))
    await writeSource(dir, 'shop', {
      meta: [row('orders', 'remote')],
      more: [
        ...remoteAttach('shop.sqlite', 'sqlite'),
        "ATTACH ':memory:' AS wh",
        'CREATE TABLE wh.orders (id BIGINT)',
        'CREATE VIEW orders AS FROM wh.orders',
      ],
    })
    const result = await ask(dir, 'SELECT * FROM orders ORDER BY id')
    expect(result.columns.map(({name, typeText}) => `${name} ${typeText}`)).toEqual([
      'id BIGINT',
      'amount DOUBLE',
      'placed_on DATE',
      'note VARCHAR',
      'code VARCHAR',
      'picture BLOB',
      'is_paid BOOLEAN',
    ])
    expect(result.rows[0]).toEqual([
      9007199254740993n,
      0.1,
      20454,
      'žluť "x", \n',
      '7',
      Buffer.from([0, 171]),
      true,
    ])
    expect(result.rows[1]).toEqual([9007199254740994n, null, null, null, 'A-7', null, false])
  })

  it('decrypt with the key that token_env names, and say which variable is missing', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'extracts/wh'), {recursive: true})
    const file = join(dir, 'extracts/wh/secret.duckdb')
    const attach = `ATTACH '${file}' AS wh (ENCRYPTION_KEY 'open sesame')`
    const session = await warehouse.open({path: ':memory:', access: 'write'})
    await session.run('SET force_mbedtls_unsafe = true')
    await session.run(attach)
    await session.run('CREATE TABLE wh.visits AS SELECT 42 AS v; DETACH wh')
    await session.close()
    await writeSource(dir, 'wh', {
      meta: [row('visits', 'remote')],
      more: [
        ...remoteAttach('secret.duckdb', 'duckdb', 'WH_KEY'),
        attach.replace(')', ', READ_ONLY)'),
        'CREATE VIEW visits AS FROM wh.main.visits',
      ],
    })
    expect((await ask(dir, 'SELECT v FROM visits', {WH_KEY: 'open sesame'})).rows).toEqual([[42]])
    await expect(ask(dir, 'SELECT v FROM visits')).rejects.toMatchObject({
      status: 502,
      detail: {kind: 'remote_unavailable', message: expect.stringContaining('WH_KEY')},
    })
  })

  it('say which extension is missing, and leave the other tables alone', async () => {
    const dir = await tempDir()
    await writeSource(dir, 'pg', {
      meta: [row('visits', 'remote'), row('t')],
      data: {'t.parquet': 'SELECT 1 AS v'},
      more: remoteAttach('project=acme', 'postgres'),
    })
    await expect(ask(dir, 'SELECT * FROM visits')).rejects.toMatchObject({
      status: 502,
      detail: {message: expect.stringContaining('postgres')},
    })
    expect((await ask(dir, 'SELECT v FROM t')).rows).toEqual([[1]])
  })

  it('refuse a query above the byte cap and count only the partitions a filter leaves', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'extracts/wh'), {recursive: true})
    await onDatabase(
      join(dir, 'extracts/wh/big.duckdb'),
      `CREATE TABLE visits AS SELECT DATE '2026-01-01' + CAST(range // 100 AS INTEGER) AS day,
         range AS id, 'xxxxxxxx' AS page FROM range(1000)`,
    )
    await writeSource(dir, 'wh', {
      meta: [row('visits', 'remote')],
      more: [
        'ALTER TABLE _meta ADD COLUMN partition_by VARCHAR',
        "UPDATE _meta SET partition_by = 'day'",
        ...remoteAttach('big.duckdb'),
        `ATTACH '${join(dir, 'extracts/wh/big.duckdb')}' AS wh (READ_ONLY)`,
        'CREATE VIEW visits AS FROM wh.main.visits',
      ],
    })
    const {store} = await openStore(dir)
    const limits = {maxRemoteScanBytes: 10_000}
    const engine = createQueryEngine({warehouse, store, clock: new FakeClock(), limits})
    const query = (sql: string) => engine.query(sql, {limit: 5, allowed: new Set(), isAdmin: true})
    expect((await query('SELECT count(id) FROM visits')).bytesScanned).toBe(8000)
    await expect(query('SELECT * FROM visits')).rejects.toMatchObject({
      status: 400,
      detail: {
        reason: 'remote_scan_too_large',
        scan_bytes: 26_000,
        limit_bytes: 10_000,
        tables: ['visits'],
      },
    })
    const filtered = await query(
      "SELECT * FROM visits v WHERE v.day >= DATE '2026-01-09' AND id > 0",
    )
    expect(filtered.bytesScanned).toBe(200 * 26)
    const bytes = async (sql: string) => (await query(sql)).bytesScanned
    expect(await bytes('SELECT count(*) FROM visits')).toBe(0)
    expect(await bytes('SELECT count(*) FROM visits JOIN range(3) r(id) USING (id)')).toBe(8000)
    for (const whole of [
      'SELECT v FROM visits v',
      'SELECT 1 FROM visits NATURAL JOIN range(3) r(id)',
    ])
      await expect(query(whole)).rejects.toMatchObject({detail: {scan_bytes: 26_000}})
    const visits = store.byId('visits')!
    const where = "day = DATE '2026-01-02' AND page = 'x'"
    const estimate = await engine.estimate(visits, {table_id: 'visits', select: ['id'], where})
    expect(estimate).toEqual({scanBytes: 100 * 26, resultRows: 100, resultBytes: 800})
    await engine.close()
  })
})

async function writeSqlite(path: string): Promise<void> {
  // @ts-expect-error -- sql.js brings no types for its single-file build
  const {default: initSqlJs} = (await import('sql.js/dist/sql-wasm-inline.js')) as {
    default: () => Promise<{Database: new () => {run(sql: string): void; export(): Uint8Array}}>
  }
  const database = new (await initSqlJs()).Database()
  database.run(`CREATE TABLE orders (id INTEGER PRIMARY KEY, amount REAL, placed_on DATE, note TEXT,
    code INTEGER, picture BLOB, is_paid BOOLEAN)`)
  database.run(`INSERT INTO orders VALUES
    (9007199254740993, 0.1, '2026-01-01', 'žluť "x", ' || char(10), 7, x'00AB', 1),
    (9007199254740994, NULL, NULL, NULL, 'A-7', NULL, 0)`)
  await writeFile(path, database.export())
}
