import {describe, expect, it} from 'vitest'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {estimateQuery, guardBytes} from '../../../src/lib/remote/estimate-query.js'
import {recorded, recordedBytes, recordedVersions} from '../../support/recorded.js'
import {startTestServer} from '../../support/test-server.js'

const signal = new AbortController().signal

async function serverWith(rows: object[] = []) {
  const server = await startTestServer()
  server.json('/api/v2/catalog', {tables: rows}).optional()
  const http = new GotHttpClient({origin: server.origin, token: 'token', userAgent: 'test'})
  return {server, http}
}

describe('estimateQuery', () => {
  it('asks by the id where the name is not the id', async () => {
    const {server, http} = await serverWith([{id: 'web_events', name: 'Web Events'}])
    server.json('/api/v2/schema/web_events', {columns: [{name: 'Day'}, {name: 'n'}]})
    server.on('POST', '/api/v2/scan/estimate', ({body}) => ({
      status: 200,
      body: {table_id: JSON.parse(body.toString()).table_id, estimated_scan_bytes: 7},
    }))
    const estimate = await estimateQuery('SELECT day FROM "Web Events"', http, signal)
    expect(estimate).toMatchObject({scanBytes: 7, priceUsd: null, engine: null, reason: null})
    const [asked] = server.requestsTo('/api/v2/scan/estimate')
    expect(JSON.parse(asked!.body.toString())).toEqual({table_id: 'web_events', select: ['Day']})
  })

  it('does not make a number of what the server does not know', async () => {
    const {server, http} = await serverWith()
    server.on('POST', '/api/v2/scan/estimate', () => ({
      status: 200,
      body: {estimated_scan_bytes: null, bq_cost_estimate_usd: 0, engine: 'databricks'},
    }))
    const estimate = await estimateQuery('SELECT * FROM t', http, signal)
    expect(estimate).toMatchObject({scanBytes: null, priceUsd: null, engine: 'databricks'})
    expect(estimate.reason).toContain('does not know')
  })

  it('names similar tables of the catalog', async () => {
    const {http} = await serverWith([{id: 'orders', name: 'orders'}])
    await expect(estimateQuery('SELECT a FROM ordrs', http, signal)).rejects.toMatchObject({
      code: 'table_not_found',
      hint: expect.stringContaining('Similar names: orders.'),
    })
  })

  it('asks about a join as a whole, and says so where the server only knows tables', async () => {
    const sql = 'SELECT 1 FROM a JOIN b USING (c) -- why'
    const {server, http} = await serverWith()
    server.on('POST', '/api/v2/scan/estimate', () => ({
      status: 200,
      body: {
        from_query: true,
        estimated_scan_bytes: 9,
        bq_cost_estimate_usd: 0.5,
        engine: 'duckdb',
      },
    }))
    expect(await estimateQuery(sql, http, signal)).toMatchObject({
      ...{table: null, engine: 'duckdb', scanBytes: 9, priceUsd: 0.5, reason: null},
    })
    const [asked] = server.requestsTo('/api/v2/scan/estimate')
    expect(JSON.parse(asked!.body.toString())).toMatchObject({from_query: sql.slice(0, -7)})
    const old = [
      {status: 404, body: {detail: "table 'agnes_query' not found"}},
      {status: 403, body: {detail: 'not authorized for this table'}},
      {status: 422, body: {detail: [{loc: ['body'], msg: 'extra fields not permitted'}]}},
      {status: 200, body: {table_id: 'agnes_query', estimated_scan_bytes: 3}},
    ]
    for (const answer of old) {
      server.on('POST', '/api/v2/scan/estimate', () => answer)
      const estimate = await estimateQuery(sql, http, signal)
      expect(estimate).toMatchObject({scanBytes: null, priceUsd: null, engine: null})
      expect(estimate.reason).toContain('more than one table')
    }
  })

  it('hands on why the server will not estimate a whole query', async () => {
    const {server, http} = await serverWith()
    const detail = {reason: 'table_not_granted', table: 'payroll', message: 'no'}
    server.on('POST', '/api/v2/scan/estimate', () => ({status: 403, body: {detail}}))
    const sql = 'SELECT 1 FROM a JOIN payroll USING (c)'
    await expect(estimateQuery(sql, http, signal)).rejects.toMatchObject({
      code: 'table_not_granted',
      exitCode: 8,
    })
  })

  it('lets the ceiling go along where nobody can tell', async () => {
    const {server, http} = await serverWith()
    server.on('POST', '/api/v2/scan/estimate', () => ({status: 404, body: {detail: 'no'}}))
    const warning = await guardBytes('WITH x AS (SELECT 1) FROM x', {http, maxBytes: 10}, signal)
    expect(warning).toContain("only the server's own cap is sure to hold")
  })

  it.each(recordedVersions)('tells what is not granted, as %s words it', async (version) => {
    const {server, http} = await serverWith()
    const {response} = recorded(version).find(({label}) => label === 'v2: estimate not granted')!
    server.on('POST', '/api/v2/scan/estimate', () => ({
      status: response.status,
      body: recordedBytes(response.body),
    }))
    await expect(estimateQuery('SELECT * FROM flights', http, signal)).rejects.toMatchObject({
      code: 'table_not_granted',
      exitCode: 8,
    })
  })
})
