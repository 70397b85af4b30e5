import {describe, expect, it} from 'vitest'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import type {SnapshotRecipe} from '../../../src/lib/snapshot/snapshot-record.js'
import {sourcesOf} from '../../../src/lib/snapshot/snapshot-sources.js'
import {emptySyncState, type SyncState} from '../../../src/lib/sync/sync-state.js'
import {startTestServer} from '../../support/test-server.js'

const recipe: SnapshotRecipe = {
  table: 'in_c-crm_orders',
  select: null,
  where: null,
  limit: null,
  orderBy: null,
  fromQuery: null,
}

async function sourcesAfter(change: (state: SyncState, origin: string) => void) {
  const server = await startTestServer()
  server.json('/api/v2/catalog', {tables: [{id: 'in_c-crm_orders', name: 'Orders of CRM'}]})
  const state = emptySyncState()
  change(state, server.origin)
  const http = new GotHttpClient({origin: server.origin, token: 't', userAgent: 'test'})
  const warehouse = () => Promise.reject(new Error('no engine is needed for one table'))
  const sources = await sourcesOf(recipe, {state, warehouse, http}, new AbortController().signal)
  return {sources, asked: server.requests.length}
}

const listed = (name: string) => ({name, queryMode: 'remote', reason: 'remote' as const})

describe('the sources of a snapshot', () => {
  it('are kept by the name a pull knows, so that a withdrawn grant is noticed', async () => {
    const {sources} = await sourcesAfter((state, origin) => {
      Object.assign(state, {server: origin, lastSuccessAt: '2026-01-31T12:00:00Z'})
      state.listed.push(listed('Orders of CRM'))
    })
    expect(sources).toEqual([{name: 'Orders of CRM', wasListed: true}])
  })

  it('cost no request where the id is the name, or no pull could tell', async () => {
    const same = await sourcesAfter((state, origin) => {
      Object.assign(state, {server: origin, lastSuccessAt: '2026-01-31T12:00:00Z'})
      state.listed.push(listed('in_c-crm_orders'))
    })
    const unknown = await sourcesAfter(() => {})
    expect([same, unknown]).toEqual([
      {sources: [{name: 'in_c-crm_orders', wasListed: true}], asked: 0},
      {sources: [{name: 'in_c-crm_orders', wasListed: false}], asked: 0},
    ])
  })
})
