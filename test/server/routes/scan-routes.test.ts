import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {tableFromIPC} from 'apache-arrow'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {createDemoData} from '../../../src/server/data/create-demo-data.js'
import {startEmbeddedServer, type EmbeddedServer} from '../../support/embedded-server.js'
import {demoTemplates} from '../../support/demo-folder.js'
import {warehouse} from '../data/open-store.js'

let dir: string
let server: EmbeddedServer

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-routes-'))
  const templates = demoTemplates()
  const files = new NodeFiles(dir, systemRandom)
  const {grants} = await createDemoData({scale: 0.2, seed: 3}, {files, templates, warehouse})
  server = await startEmbeddedServer({dir, isShared: true})
  const sales = grants.filter(({group}) => group === 'Sales')
  await server.grant(...sales.map(({tableId}) => tableId))
})
afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true, force: true})
})

const asAnalyst = (method: string, path: string, body?: unknown) =>
  server.call(method, path, {token: server.analystToken, ...(body === undefined ? {} : {body})})

describe('the catalog', () => {
  it('shows an analyst their tables and no others', async () => {
    const {body} = await asAnalyst('GET', '/api/v2/catalog')
    const names = body.tables.map(({name}: {name: string}) => name)
    expect(names).toEqual([...names].sort())
    expect(names).not.toContain('payroll')
    expect((await server.call('GET', '/api/v2/catalog')).body.tables).toHaveLength(12)
  })

  it('tells how to reach a remote table, and nulls of one that has no data', async () => {
    const {body} = await asAnalyst('GET', '/api/v2/catalog')
    const row = (name: string) => body.tables.find((table: {name: string}) => table.name === name)
    expect(row('web_sessions')).toEqual({
      id: 'web_sessions',
      name: 'web_sessions',
      description: expect.stringContaining('too big to pull'),
      source_type: 'warehouse',
      query_mode: 'remote',
      server_only: false,
      sql_flavor: 'duckdb',
      where_examples: [
        "event_date >= DATE '2026-01-01'",
        "event_date >= DATE '2026-01-01' AND country_code = 'CZ'",
      ],
      fetch_via: expect.stringMatching(/^agnes snapshot create web_sessions --select /),
      rough_size_hint: 'small',
      rows: 60_000,
      size_bytes: expect.any(Number),
      partition_by: 'event_date',
      clustered_by: ['country_code', 'device'],
    })
    expect(row('margin_daily')).toMatchObject({rough_size_hint: null, rows: null, size_bytes: null})
    expect(row('customer_contacts').server_only).toBe(true)
  })
})

describe('schema and sample', () => {
  it('read a remote table', async () => {
    const schema = await asAnalyst('GET', '/api/v2/schema/web_sessions')
    expect(schema.body).toMatchObject({
      partition_by: 'event_date',
      clustered_by: ['country_code', 'device'],
    })
    expect(schema.body.columns[0]).toEqual({
      name: 'event_date',
      type: 'DATE',
      nullable: true,
      description: '',
    })
    const sample = await asAnalyst('GET', '/api/v2/sample/web_sessions?n=2')
    expect(sample.body.rows).toHaveLength(2)
    expect(sample.body.rows[0].event_date).toBe('2025-01-01T00:00:00')
  })

  it.each(['schema', 'sample'])(
    '%s of a table without data is 404 with the reason',
    async (route) => {
      const {status, body} = await asAnalyst('GET', `/api/v2/${route}/margin_daily`)
      expect(status).toBe(404)
      expect(body.detail).toContain('has no data yet')
    },
  )

  it.each([
    ['0', 'greater_than_equal'],
    ['101', 'less_than_equal'],
    ['many', 'int_parsing'],
  ])('refuses n=%s', async (n, type) => {
    const {status, body} = await asAnalyst('GET', `/api/v2/sample/orders?n=${n}`)
    expect(status).toBe(422)
    expect(body.detail[0]).toMatchObject({type, loc: ['query', 'n'], input: n})
  })
})

describe('estimate and scan', () => {
  it('estimate a remote table by the columns and partitions it reads', async () => {
    const estimate = async (request: object) =>
      (await asAnalyst('POST', '/api/v2/scan/estimate', {table_id: 'web_sessions', ...request}))
        .body
    const whole = await estimate({})
    const month = await estimate({
      select: ['event_date', 'device'],
      where: "event_date >= DATE '2026-06-01'",
    })
    expect(whole.estimated_result_rows).toBe(60_000)
    expect(month.estimated_result_rows).toBeLessThan(4000)
    expect(month.estimated_scan_bytes).toBeLessThan(whole.estimated_scan_bytes / 20)
    expect(month).toMatchObject({engine: 'duckdb', bq_cost_estimate_usd: 0})
  })

  it('scan a remote table as a complete Arrow stream', async () => {
    const response = await fetch(`${server.url}/api/v2/scan`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.analystToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({table_id: 'web_sessions', select: ['session_id', 'page_views']}),
    })
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()))
    expect(table.numRows).toBe(60_000)
    expect(new Set(table.getChild('session_id')!.toArray()).size).toBe(60_000)
  })

  it('keep serving after clients that hang up in the middle', async () => {
    for (let round = 0; round < 5; round++) {
      const gone = new AbortController()
      const response = await fetch(`${server.url}/api/v2/scan`, {
        method: 'POST',
        signal: gone.signal,
        headers: {
          authorization: `Bearer ${server.analystToken}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({table_id: 'web_sessions'}),
      })
      await response.body!.getReader().read()
      gone.abort()
    }
    const {body} = await asAnalyst('POST', '/api/query', {sql: 'SELECT count(*) FROM web_sessions'})
    expect(body.rows).toEqual([[60_000]])
  })

  it.each([
    [[1, 2], 422],
    [{}, 400],
    [{table_id: 'orders', limit: 0}, 400],
    [{table_id: 'orders', limit: 1.5}, 400],
    [{table_id: 'orders', select: 'order_id'}, 400],
    [{table_id: 'orders', select: [1]}, 400],
    [{table_id: 'orders', where: 5}, 400],
  ])('refuse the body %j', async (body, status) => {
    const answer = await asAnalyst('POST', '/api/v2/scan', body)
    expect(answer.status).toBe(status)
    if (status === 400) expect(answer.body.detail).toMatch(/^1 validation error for ScanRequest\n/)
  })

  it.each(['/api/v2/scan', '/api/v2/scan/estimate'])('%s needs a grant', async (path) => {
    expect((await asAnalyst('POST', path, {table_id: 'payroll'})).status).toBe(403)
    expect((await asAnalyst('POST', path, {table_id: 'nope'})).status).toBe(404)
    expect(
      (await server.call('POST', path, {token: null, body: {table_id: 'orders'}})).status,
    ).toBe(401)
  })
})

describe('a whole query as a scan', () => {
  const FEBRUARY = "event_date >= DATE '2025-02-01' AND event_date < DATE '2025-03-01'"
  const sql = `SELECT device, count(*) AS n FROM web_sessions WHERE ${FEBRUARY} GROUP BY 1`
  const body = {table_id: 'by_device', from_query: sql, as: 'by_device'}

  async function scan(asked: object): Promise<Response> {
    return fetch(`${server.url}/api/v2/scan`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.analystToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(asked),
    })
  }

  it('comes as Arrow, with the types of the query', async () => {
    const table = tableFromIPC(new Uint8Array(await (await scan(body)).arrayBuffer()))
    expect(table.schema.fields.map(({name, type}) => `${name} ${type}`)).toEqual([
      'device Utf8',
      'n Int64',
    ])
    expect(table.numRows).toBe(3)
  })

  it('is estimated by what it would read, and says that the query was meant', async () => {
    const {body: estimate} = await asAnalyst('POST', '/api/v2/scan/estimate', body)
    const {body: whole} = await asAnalyst('POST', '/api/v2/scan/estimate', {
      ...body,
      from_query: 'SELECT * FROM web_sessions',
    })
    expect(estimate).toMatchObject({from_query: true, estimated_result_rows: null})
    expect(estimate.estimated_scan_bytes).toBeGreaterThan(0)
    expect(whole.estimated_scan_bytes).toBeGreaterThan(estimate.estimated_scan_bytes)
    const local = {...body, from_query: 'SELECT 1 AS one'}
    expect((await asAnalyst('POST', '/api/v2/scan/estimate', local)).body).toMatchObject({
      estimated_scan_bytes: 0,
    })
  })

  it.each([
    ['several statements', {...body, from_query: 'SELECT 1; SELECT 2'}, 400],
    ['a write', {...body, from_query: 'DROP TABLE orders'}, 400],
    ['a table without a grant', {...body, from_query: 'SELECT * FROM payroll'}, 403],
    ['a table that is not there', {...body, from_query: 'SELECT * FROM nope'}, 400],
    ['a part of a table beside it', {...body, where: 'true'}, 400],
    ['a ceiling that is no number', {...body, max_bytes: -1}, 400],
  ])('refuses %s, in the estimate as in the scan', async (_what, asked, status) => {
    for (const path of ['/api/v2/scan', '/api/v2/scan/estimate'])
      expect((await asAnalyst('POST', path, asked)).status).toBe(status)
  })
})

describe('the ceiling of the caller', () => {
  it.each([
    ['a scan', {table_id: 'web_sessions', select: ['device']}],
    ['a whole query', {table_id: 'x', from_query: 'SELECT device FROM web_sessions'}],
  ])('refuses %s above it, and lets pass what is at it', async (_what, asked) => {
    const {body} = await asAnalyst('POST', '/api/v2/scan/estimate', asked)
    const bytes = body.estimated_scan_bytes
    const refused = await asAnalyst('POST', '/api/v2/scan', {...asked, max_bytes: bytes - 1})
    expect([refused.status, refused.body.detail]).toEqual([
      400,
      expect.objectContaining({
        reason: 'remote_scan_too_large',
        scan_bytes: bytes,
        limit_bytes: bytes - 1,
        tables: ['web_sessions'],
      }),
    ])
    const passed = await asAnalyst('POST', '/api/v2/scan', {...asked, max_bytes: bytes})
    expect(passed.status).toBe(200)
  })

  it('says nothing about a local table', async () => {
    const asked = {table_id: 'orders', limit: 1, max_bytes: 0}
    expect((await asAnalyst('POST', '/api/v2/scan', asked)).status).toBe(200)
  })
})

describe('the query route', () => {
  it('joins local, partitioned and remote tables, and counts the remote bytes', async () => {
    const {status, body} = await asAnalyst('POST', '/api/query', {
      sql: `SELECT count(*) > 0 FROM web_sessions w JOIN customers c USING (customer_id)
        JOIN tickets t USING (customer_id) WHERE t.month = '2026-06'`,
    })
    expect(body.rows).toEqual([[true]])
    expect(status).toBe(200)
    expect(body.bytes_scanned).toBeGreaterThan(0)
  })

  it('asks for the rights of the moment', async () => {
    const sql = 'SELECT count(*) FROM employees'
    expect((await asAnalyst('POST', '/api/query', {sql})).status).toBe(403)
    await server.grant('employees')
    expect((await asAnalyst('POST', '/api/query', {sql})).status).toBe(200)
  })

  it.each([
    [{sql: 'SELECT 1', limit: -2}, 400],
    [{sql: 5}, 422],
    [{sql: 'SELECT 1', limit: 'x'}, 422],
  ])('refuses %j', async (body, status) => {
    expect((await asAnalyst('POST', '/api/query', body)).status).toBe(status)
  })

  it('sends integers beyond 2^53 exactly', async () => {
    const response = await fetch(`${server.url}/api/query`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.analystToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({sql: 'SELECT 9007199254740993, 1::HUGEINT << 120'}),
    })
    expect(await response.text()).toContain(
      '[[9007199254740993,1329227995784915872903807060280344576]]',
    )
  })
})
