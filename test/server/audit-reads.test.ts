import {expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'

it('the audit names who read rows, whichever way they were read', async () => {
  const server = await startEmbeddedServer({demo: {scale: 0.01}})
  const {analystToken: token} = server
  await server.call('GET', '/api/v2/sample/orders?n=1', {token})
  await server.call('GET', '/api/data/products/download', {token})
  await server.call('POST', '/api/query', {token, body: {sql: 'SELECT 1'}})
  await server.call('GET', '/api/v2/catalog', {token})
  const {body} = await server.call('GET', '/api/admin/activity')
  const actions = (body.rows as {action: string}[]).map(({action}) => action).sort()
  expect(actions).toEqual([
    'GET /api/data/products/download',
    'GET /api/v2/sample/orders',
    'POST /api/query',
  ])
})
