import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {beforeEach, describe, expect, it} from 'vitest'
import {openBigQuery} from '../../../src/lib/adapters/bigquery-engine.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {doubleAuth, startBigQuery, type BigQueryDouble} from '../../support/bigquery-double.js'
import {startEmbeddedServer, type EmbeddedServer} from '../../support/embedded-server.js'
import {onDatabase} from '../../support/engine.js'
import {queryWorkspace} from '../../support/query-workspace.js'
import {tempDir} from '../../support/temp-dir.js'

/** Remote tables in BigQuery behind the embedded server, against a double of its REST API. */

const EVENTS = 'acme.web.events'
const SCHEMA = [
  {name: 'id', type: 'INTEGER', mode: 'REQUIRED'},
  {name: 'amount', type: 'NUMERIC', precision: '10', scale: '2'},
  {name: 'event_date', type: 'DATE'},
]

let double: BigQueryDouble
let server: EmbeddedServer

beforeEach(async () => {
  double = await startBigQuery()
  double.table(EVENTS, {type: 'TABLE', numRows: '2', numBytes: '100', schema: {fields: SCHEMA}})
  const dir = await tempDir()
  await makeExtract(join(dir, 'extracts/dwh'))
  server = await startEmbeddedServer({
    dir,
    limits: {maxRemoteScanBytes: 1000},
    openBigQuery: (options) =>
      openBigQuery(
        {...options, endpoint: double.origin},
        {
          clock: systemClock,
          userAgent: 'test',
          authClient: doubleAuth(double.origin),
          hasRetries: false,
        },
      ),
  })
  await server.grant('events', 'local_one')
})

/** As an extractor writes it: views that name a catalog called `bq`. */
async function makeExtract(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'), {recursive: true})
  await onDatabase(
    `${folder}/extract.duckdb`,
    "ATTACH ':memory:' AS bq",
    'CREATE SCHEMA bq.web',
    'CREATE SCHEMA bq.hr',
    'CREATE TABLE bq.web.events (id BIGINT)',
    'CREATE TABLE bq.hr.pay (id BIGINT)',
    'CREATE VIEW events AS SELECT * FROM bq.web.events',
    'CREATE VIEW pay AS SELECT * FROM bq.hr.pay',
    'CREATE VIEW part_of_pay AS SELECT * FROM bq.hr.pay WHERE id > 1',
    `CREATE TABLE _meta AS SELECT * FROM (VALUES
      ('events', 'remote', 'event_date'), ('pay', 'remote', NULL), ('part_of_pay', 'remote', NULL),
      ('local_one', 'local', NULL)) t(table_name, query_mode, partition_by)`,
    "CREATE TABLE _remote_attach AS SELECT 'bq' AS alias, 'bigquery' AS extension, 'project=acme billing_project=payer' AS url, '' AS token_env",
    `COPY (SELECT 1 AS id) TO '${folder}/data/local_one.parquet' (FORMAT parquet)`,
  )
}

const asAnalyst = (method: string, path: string, body?: unknown) =>
  server.call(method, path, {token: server.analystToken, body})
const query = (sql: string, more: object = {}) => asAnalyst('POST', '/api/query', {sql, ...more})

function knowEvents(bytes = 500): void {
  double.statement({
    sql: EVENTS,
    schema: SCHEMA,
    rows: [
      ['1', '1.50', '2026-01-31'],
      ['9007199254740993', null, null],
    ],
    bytes,
    tables: [EVENTS],
  })
}

describe('a query', () => {
  it('runs in BigQuery, with the catalog name standing for the path and a ceiling along', async () => {
    knowEvents()
    const {status, body} = await query('SELECT * FROM events -- all')
    expect(status).toBe(200)
    expect(body).toMatchObject({row_count: 2, truncated: false, bytes_scanned: 500})
    expect(body.rows[0]).toEqual([1, '1.50', '2026-01-31'])
    expect(double.ran).toMatchObject([
      {
        sql: 'WITH `events` AS (SELECT * FROM `acme.web.events`)\nSELECT * FROM events       ',
        maximumBytesBilled: '1000',
        project: 'payer',
      },
    ])
  })

  it('may name the full path between backticks, and common table expressions of its own', async () => {
    knowEvents()
    const path = await query('SELECT `id` FROM `acme.web.events`')
    expect([path.status, double.ran[0]!.sql]).toEqual([200, 'SELECT `id` FROM `acme.web.events`'])
    await query('WITH a AS (SELECT id FROM events) SELECT * FROM a')
    expect(double.ran[1]!.sql).toBe(
      'WITH `events` AS (SELECT * FROM `acme.web.events`),\na AS (SELECT id FROM events) SELECT * FROM a',
    )
  })

  it('is refused above the cap of the server or of the caller, before it runs', async () => {
    knowEvents(5000)
    const {status, body} = await query('SELECT * FROM events')
    expect([status, body.detail]).toMatchObject([
      400,
      {reason: 'remote_scan_too_large', scan_bytes: 5000, limit_bytes: 1000, tables: ['events']},
    ])
    knowEvents(500)
    const own = await query('SELECT * FROM events', {max_bytes: 10})
    expect(own.body.detail).toMatchObject({reason: 'remote_scan_too_large', limit_bytes: 10})
    expect(double.ran).toEqual([])
  })

  it('says that it was cut', async () => {
    knowEvents()
    const {body} = await query('SELECT * FROM events', {limit: 1})
    expect(body).toMatchObject({row_count: 1, truncated: true})
  })

  it('of local tables stays here', async () => {
    expect((await query('SELECT id FROM local_one')).body.rows).toEqual([[1]])
    expect(double.jobs).toEqual([])
  })
})

describe('rights', () => {
  it.each([
    ['a name that is not granted', 'SELECT * FROM pay', 403],
    ['its path', 'SELECT * FROM `acme.hr.pay`', 403],
    ['a path nobody registered', 'SELECT * FROM `acme.hr.bonus`', 403],
    ['a granted table beside it', 'SELECT * FROM events, pay', 403],
    ['a subquery', 'SELECT (SELECT max(id) FROM pay) FROM events', 403],
  ])('hold for %s', async (_what, sql, status) => {
    knowEvents()
    expect((await query(sql)).status).toBe(status)
    expect(double.jobs).toEqual([])
  })

  it.each([
    ['a double-quoted text', 'SELECT "x FROM `acme.hr.pay` --" FROM events'],
    ['an escaped quote', String.raw`SELECT 'a\' FROM pay --' FROM events`],
    ['a triple quote', `SELECT '''a', 'FROM pay ''' FROM events`],
    ['a hash comment', 'SELECT 1 # FROM\nFROM events'],
    ['a nested comment', 'SELECT 1 /* /* */ FROM events /* */ */ FROM events'],
    ['a dollar text', 'SELECT $$a$$ FROM events'],
  ])('do not depend on how %s is read: it is refused', async (_what, sql) => {
    knowEvents()
    expect((await query(sql)).status).toBe(400)
    expect(double.ran).toEqual([])
  })

  it('hold on what BigQuery itself says it would read', async () => {
    double.statement({sql: EVENTS, bytes: 1, tables: [EVENTS, 'acme.hr.pay']})
    const {status, body} = await query('SELECT * FROM events')
    expect([status, body.detail.reason, body.detail.path]).toEqual([
      403,
      'bq_path_not_registered',
      '`acme.hr.pay`',
    ])
    expect(double.ran).toEqual([])
  })

  it('let a view read what it reads', async () => {
    double.table(EVENTS, {type: 'VIEW', schema: {fields: SCHEMA}})
    double.statement({sql: EVENTS, schema: SCHEMA, bytes: 1, tables: ['acme.raw.events']})
    expect((await query('SELECT * FROM events')).status).toBe(200)
  })

  it('refuse what is no SELECT to BigQuery', async () => {
    double.statement({sql: EVENTS, statementType: 'SCRIPT', tables: [EVENTS]})
    expect((await query('SELECT * FROM events')).status).toBe(400)
  })
})

describe('one table', () => {
  it('has its schema in BigQuery’s types and dialect', async () => {
    const {body} = await asAnalyst('GET', '/api/v2/schema/events')
    expect(body).toMatchObject({
      sql_flavor: 'bigquery',
      source_type: 'bigquery',
      partition_by: 'event_date',
    })
    expect(body.columns.map(({name, type, nullable}: any) => [name, type, nullable])).toEqual([
      ['id', 'INT64', false],
      ['amount', 'NUMERIC(10, 2)', true],
      ['event_date', 'DATE', true],
    ])
    const catalog = await asAnalyst('GET', '/api/v2/catalog')
    const row = catalog.body.tables.find(({id}: any) => id === 'events')
    expect(row).toMatchObject({sql_flavor: 'bigquery', query_mode: 'remote'})
  })

  it('shows its first rows for nothing', async () => {
    double.server.json('/bigquery/v2/projects/acme/datasets/web/tables/events/data', {
      rows: [{f: [{v: '7'}, {v: '1.5'}, {v: null}]}],
    })
    const {body} = await asAnalyst('GET', '/api/v2/sample/events?n=1')
    expect(body.rows).toEqual([{id: 7, amount: 1.5, event_date: null}])
    expect(double.jobs).toEqual([])
  })

  it('is estimated by a dry run of the scan', async () => {
    knowEvents(2 ** 40)
    const scan = {table_id: 'events', select: ['id'], where: "event_date = DATE '2026-01-31'"}
    const {body} = await asAnalyst('POST', '/api/v2/scan/estimate', scan)
    expect(body).toMatchObject({
      engine: 'bigquery',
      estimated_scan_bytes: 2 ** 40,
      bq_cost_estimate_usd: 6.25,
    })
    expect(double.jobs.map(({isDryRun}) => isDryRun)).toEqual([true])
    expect(double.jobs[0]!.sql).toBe(
      "SELECT `id` FROM `acme.web.events` AS `events`\nWHERE (\nevent_date = DATE '2026-01-31'\n)",
    )
  })

  it('is scanned under the ceiling that came with the request', async () => {
    knowEvents()
    const small = await asAnalyst('POST', '/api/v2/scan', {table_id: 'events', max_bytes: 10})
    expect(small.body.detail.reason).toBe('remote_scan_too_large')
    const {status} = await asAnalyst('POST', '/api/v2/scan', {table_id: 'events', max_bytes: 600})
    expect([status, double.ran[0]!.maximumBytesBilled]).toEqual([200, '600'])
  })

  it('whose view leaves rows out is not read around it', async () => {
    const {status, body} = await server.call('POST', '/api/query', {
      body: {sql: 'SELECT * FROM part_of_pay'},
    })
    expect([status, body.detail.error]).toEqual([502, 'remote_unavailable'])
    expect(body.detail.message).toContain('no plain SELECT')
    expect(double.jobs).toEqual([])
  })
})

describe('a failure of BigQuery', () => {
  it.each([
    [400, 'invalidQuery', 400, 'remote_estimate_failed'],
    [401, 'authError', 502, 'auth_failed'],
    [403, 'accessDenied', 502, 'bq_forbidden'],
    [403, 'quotaExceeded', 502, 'bq_upstream_error'],
    [503, 'backendError', 502, 'bq_upstream_error'],
  ])('%i %s is %i %s to who asked', async (from, reason, status, kind) => {
    double.statement({sql: EVENTS, error: {status: from, reason, message: 'words of the engine'}})
    const answer = await query('SELECT * FROM events')
    expect([answer.status, answer.body.detail.kind]).toEqual([status, kind])
    expect(JSON.stringify(answer.body)).toContain('words of the engine')
  })
})

describe('a registered part', () => {
  it('comes from BigQuery through the server with its types', async () => {
    knowEvents()
    const {run, home} = await queryWorkspace({tables: {names: "SELECT 1 AS id, 'one' AS name"}})
    const {json} = await run(
      [
        'query',
        'SELECT name, amount, event_date FROM ev JOIN names USING (id)',
        '--register-bq',
        'ev=SELECT * FROM `acme.web.events`',
        ...['--max-bytes', '700', '--json'],
      ],
      {env: {HOME: home, AGNES_SERVER: server.url, AGNES_TOKEN: server.analystToken}},
    )
    expect(json.columns.map(({type}: any) => type)).toEqual(['VARCHAR', 'DECIMAL(10,2)', 'DATE'])
    expect(json.registered).toMatchObject([
      {alias: 'ev', source: 'server', rows: 2, bytesScanned: 500},
    ])
    expect(double.ran.map(({maximumBytesBilled}) => maximumBytesBilled)).toEqual(['700'])
  })
})
