import {describe, expect, it} from 'vitest'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {InterruptedError} from '../../../src/lib/errors.js'
import {RemoteQuery} from '../../../src/lib/remote/remote-query.js'
import {FakeClock} from '../../support/fake-clock.js'
import {stall} from '../../support/server-faults.js'
import {startTestServer} from '../../support/test-server.js'

async function query(sql: string, maxBytes?: number) {
  const server = await startTestServer()
  const rows = {columns: ['a'], rows: [[1], [2]], row_count: 2, truncated: false}
  const route = server.on('POST', '/api/query', () => ({status: 200, body: rows}))
  const http = new GotHttpClient({origin: server.origin, token: 't', userAgent: 'test'})
  const remote = new RemoteQuery(sql, {
    ...{http, maxBytes, clock: new FakeClock(), timeoutMs: 60_000, workspace: null, notices: []},
    warehouse: () => Promise.reject(new Error('no engine is needed')),
  })
  return {server, route, remote}
}

describe('RemoteQuery', () => {
  it('stops at once when it is interrupted', async () => {
    const {server, route, remote} = await query('SELECT 1')
    route.faults(stall())
    const controller = new AbortController()
    const reason = new InterruptedError('SIGINT')
    const asked = remote.rows(10, controller.signal)
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
  })

  it('asks for no more rows than any server gives, and for one where none are wanted', async () => {
    const {server, remote} = await query('SELECT 1')
    const {signal} = new AbortController()
    for (const limit of [null, 5_000_000, 0, 7]) await remote.rows(limit, signal)
    expect(server.requests.map(({body}) => JSON.parse(body.toString()).limit)).toEqual([
      1_000_000, 1_000_000, 1, 7,
    ])
  })

  it('sends the ceiling along, also where nothing can be estimated', async () => {
    const {server, remote} = await query('SELECT 1', 5)
    await remote.rows(1, new AbortController().signal)
    expect(JSON.parse(server.requests.at(-1)!.body.toString())).toEqual({
      sql: 'SELECT 1',
      limit: 1,
      max_bytes: 5,
    })
    expect(remote.notices[0]).toContain('it reads no table')
  })

  it('cuts what a server sends beyond the limit', async () => {
    const {remote} = await query('SELECT 1')
    const {batches, outcome} = await remote.rows(1, new AbortController().signal)
    const counts = []
    for await (const {rowCount} of batches) counts.push(rowCount)
    expect([counts, outcome]).toEqual([[1], {rowCount: 1, isTruncated: true}])
  })
})
