import {describe, expect, it} from 'vitest'
import {noon, startDiscoveryServer} from '../support/discovery-server.js'
import {queryWorkspace} from '../support/query-workspace.js'

const ORDERS = `SELECT i AS id, CASE WHEN i % 4 = 0 THEN NULL ELSE 'v' || (i % 3) END AS kind,
  (i / 4.0)::DECIMAL(10,2) AS amount, DATE '2026-01-01' + (i // 10)::INT AS day,
  TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (i) MINUTE AS at, i % 2 = 0 AS even
  FROM range(100) t(i)`

/** A value of every kind; a profile must not break on any. */
const ZOO = `SELECT 1::UTINYINT AS "a b", 170141183460469231731687303715884105727::HUGEINT AS big,
  'NaN'::DOUBLE AS nan, 'inf'::FLOAT AS inf, [1, NULL] AS list, {'a': 1} AS struct, MAP {'k': 2} AS map,
  'x'::BLOB AS blob, INTERVAL 3 DAY AS span, TIME '01:02:03' AS clock, 'infinity'::DATE AS never,
  'infinity'::TIMESTAMP AS nevermore, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS zoned,
  '2f54f7b4-8d7e-4b2e-9b63-0b7f6a6d5a11'::UUID AS uuid, 'b'::ENUM ('a', 'b') AS enum,
  '"j"'::JSON AS json, '101'::BIT AS bits, NULL AS nothing, union_value(n := 1) AS either,
  [1, 2]::INTEGER[2] AS pair, 'quoted'' "name' AS "it's ""so"""
  FROM range(3)`

async function setting(tables: Record<string, string>, profiled: object[] = [], catalog = '') {
  const server = await startDiscoveryServer()
  server.json('/api/v2/catalog', {tables: profiled}).optional()
  const workspace = await queryWorkspace({
    tables,
    ...(catalog === '' ? {} : {catalog}),
    state: {server: server.origin},
  })
  const env = {HOME: workspace.home, ...server.env}
  const run = (argv: string[], options: object = {}) =>
    workspace.run(argv, {env, clock: noon(), ...options})
  const profile = async (table: string, ...flags: string[]) => {
    const {json} = await run(['explore', table, ...flags, '--json'])
    const columns = Object.fromEntries(json.columns.map((column: any) => [column.name, column]))
    return {json, columns}
  }
  return {server, workspace, run, profile}
}

describe('agnes explore on a pulled table', () => {
  it('profiles days that JavaScript does not know', async () => {
    const far = "SELECT unnest([DATE '2026-01-31', DATE '290000-01-01']) AS far"
    const late = "SELECT unnest([DATE '12026-01-01', DATE '12026-02-01']) AS late"
    const {profile} = await setting({far, late})
    expect((await profile('far')).columns.far).toMatchObject({distinct: 2, histogram: null})
    const [first] = (await profile('late')).columns.late.histogram
    expect(first.from).toBe('+012026-01-01')
  })

  it('counts what is there, exactly', async () => {
    const {profile, server} = await setting({orders: ORDERS})
    const {json, columns} = await profile('orders')
    expect(json).toMatchObject({rowCount: 100, basis: {kind: 'whole', rows: 100}})
    expect(columns.id).toMatchObject({
      nulls: 0,
      distinct: 100,
      distinctIsApproximate: false,
      min: '0',
      max: '99',
      mean: 49.5,
      quantiles: {p05: '4', p25: '24', p50: '49', p75: '74', p95: '94'},
      topValues: [],
    })
    expect(columns.kind).toMatchObject({
      nulls: 25,
      distinct: 3,
      topValues: [
        {value: 'v0', count: 25},
        {value: 'v1', count: 25},
        {value: 'v2', count: 25},
      ],
      histogram: null,
      quantiles: null,
    })
    expect(columns.amount).toMatchObject({min: '0.00', max: '24.75'})
    expect(columns.day.histogram).toEqual(
      Array.from({length: 10}, (_, day) => ({
        from: `2026-01-${String(day + 1).padStart(2, '0')}`,
        to: day === 9 ? '2026-01-10' : `2026-01-${String(day + 2).padStart(2, '0')}`,
        count: 10,
      })),
    )
    expect(columns.even.topValues.length).toBe(2)
    expect(server.requests).toEqual([])
  })

  it('spreads every value over the ranges, once', async () => {
    const {profile} = await setting({orders: ORDERS})
    const {columns} = await profile('orders')
    for (const name of ['id', 'amount', 'day', 'at']) {
      const sum = columns[name].histogram.reduce((total: number, bin: any) => total + bin.count, 0)
      expect([name, sum]).toEqual([name, 100])
    }
  })

  it('takes a column of any kind, of a table of the analyst', async () => {
    const {profile} = await setting({}, [], `CREATE TABLE zoo AS ${ZOO}`)
    const {json, columns} = await profile('zoo')
    expect(json.columns.length).toBe(21)
    expect(columns.big).toMatchObject({min: '170141183460469231731687303715884105727'})
    expect(columns.nan).toMatchObject({min: null, mean: null, histogram: null, nulls: 0})
    expect(columns.nothing).toMatchObject({nulls: 3, distinct: 0, min: null})
  })

  it('marks estimates as estimates', async () => {
    const {profile, run} = await setting({
      big: 'SELECT i AS id, i / 7.0 AS x FROM range(200_001) t(i)',
    })
    const {columns} = await profile('big')
    expect(columns.id).toMatchObject({distinctIsApproximate: true, quantilesAreApproximate: true})
    expect(Math.abs(columns.id.distinct - 200_001)).toBeLessThan(40_000)
    expect(Math.abs(Number(columns.id.quantiles.p50) - 100_000)).toBeLessThan(5000)
    expect(columns.id.quantiles.p50).toMatch(/^\d+$/)
    expect(columns.x.quantiles.p50.replace(/\D/g, '').length).toBeLessThan(8)
    expect((await run(['explore', 'big'], {tty: true})).stdout).toMatch(/about [\d,]+ distinct/)
  })

  it('reads an empty table', async () => {
    const {profile, run} = await setting({none: 'SELECT 1 AS a, 2.0 AS b WHERE false'})
    const {json, columns} = await profile('none')
    expect(json.rowCount).toBe(0)
    expect(columns.a).toMatchObject({
      nulls: 0,
      distinct: 0,
      min: null,
      histogram: null,
      topValues: [],
    })
    expect((await run(['explore', 'none'], {tty: true})).exitCode).toBe(0)
  })

  it('draws on a terminal, and gives plain numbers in a pipe', async () => {
    const {run} = await setting({orders: ORDERS})
    const drawn = (await run(['explore', 'orders'], {tty: true})).stdout
    expect(drawn).toContain('all its rows (100), read on this computer')
    expect(drawn).toMatch(/[▁▂▃▄▅▆▇█]{10}/)
    const plain = (await run(['explore', 'orders'])).stdout
    // eslint-disable-next-line no-control-regex -- plain ASCII
    expect(plain).toMatch(/^[\u0000-\u007F]*$/)
    expect(plain).toContain('nulls\tkind\t25\n')
    expect(plain).toContain('bin\tday\t2026-01-01\t2026-01-02\t10\n')
  })
})

const SESSIONS = {id: 'ws-1', name: 'web_sessions', query_mode: 'remote', rows: 5_000_000}

describe('agnes explore on a table of the server', () => {
  it('calls a sample a sample', async () => {
    const {run, profile, server} = await setting({}, [SESSIONS])
    server.json('/api/v2/schema/ws-1', {columns: [{name: 'n', type: 'INT64'}]})
    const rows = Array.from({length: 100}, (_, n) => ({n}))
    server.json('/api/v2/sample/ws-1', {table_id: 'ws-1', rows, source: 'bigquery'})
    const {json, columns} = await profile('web_sessions')
    expect(json).toMatchObject({basis: {kind: 'sample', rows: 100}, rowCount: 5_000_000})
    expect(columns.n).toMatchObject({min: '0', max: '99', quantiles: {p50: '49'}})
    expect((await run(['explore', 'web_sessions'], {tty: true})).stdout).toContain(
      'only a sample: 100 rows the server sent, of 5,000,000',
    )
  })

  it('does not take a short sample for the whole table', async () => {
    const {profile, server} = await setting({}, [{...SESSIONS, rows: null}])
    server.json('/api/v2/sample/ws-1', {table_id: 'ws-1', rows: [{n: 1}], source: 'x'})
    const {json} = await profile('web_sessions')
    expect(json).toMatchObject({basis: {kind: 'sample', rows: 1}, rowCount: null})
  })

  it('shows the profile the server made, and keeps all of it in JSON', async () => {
    const {run, profile, server} = await setting({orders: ORDERS}, [SESSIONS])
    const document = {
      row_count: 42,
      sampled: true,
      profiled_at: '2026-01-30T01:00:00',
      columns: [
        {
          name: 'n',
          type: 'INT64',
          null_count: 2,
          unique_count: 7,
          numeric_stats: {min: 1, max: 9, mean: 4},
        },
      ],
      alerts: [{column: 'n', message: 'skewed'}],
    }
    server.json('/api/catalog/profile/orders', document)
    const {json, columns} = await profile('orders', '--remote')
    expect(json).toMatchObject({
      basis: {kind: 'server_profile', rows: null, profiledAt: '2026-01-30T01:00:00'},
      rowCount: 42,
      serverProfile: document,
    })
    expect(columns.n).toMatchObject({nulls: 2, distinct: 7, min: '1', max: '9', mean: 4})
    expect((await run(['explore', 'orders', '--remote'], {tty: true})).stdout).toContain(
      'some of its rows, as the server worked it out at 2026-01-30T01:00:00',
    )
  })

  it('takes the sample where a policy emptied the profile', async () => {
    const {profile, server} = await setting({}, [SESSIONS])
    server.json('/api/catalog/profile/ws-1', {
      table_id: 'ws-1',
      policy_restricted: true,
      message: 'x',
    })
    server.json('/api/v2/sample/ws-1', {table_id: 'ws-1', rows: [{n: 1}], source: 'x'})
    expect((await profile('web_sessions')).json.basis.kind).toBe('sample')
  })

  it('says who can help where the server says no', async () => {
    const {run, server} = await setting({}, [])
    for (const path of ['/api/catalog/profile/secret', '/api/v2/sample/secret'])
      server.on('GET', path, () => ({status: 403, body: {detail: 'not authorized for this table'}}))
    const {exitCode, stderr} = await run(['explore', 'secret'])
    expect(exitCode).toBe(8)
    expect(stderr).toMatch(/You may not read the table secret[^]*administrator[^]*agnes pull/)
  })
})
