import {describe, expect, it} from 'vitest'
import {ManifestCache} from '../../../src/server/manifest.js'
import type {PublishedTable} from '../../../src/server/model.js'
import type {Caller} from '../../../src/server/route-deps.js'
import type {StateChange, StateTable} from '../../../src/server/state/rows.js'
import {SystemState} from '../../../src/server/state/system-state.js'
import {TableCatalog} from '../../../src/server/table-catalog.js'

const AT = '2026-01-31T12:00:00.000000'

function published(id: string, more: Partial<PublishedTable> = {}): PublishedTable {
  return {
    id,
    name: id,
    source: 's',
    sourceType: 'local',
    description: '',
    queryMode: 'local',
    serverOnly: false,
    rows: 1,
    sizeBytes: 10,
    hash: 'a'.repeat(32),
    updated: AT,
    file: `/data/${id}.parquet`,
    mtimeMs: 0,
    parts: null,
    partitionBy: null,
    clusteredBy: [],
    ...more,
  }
}

const grant = (groupId: string, resourceId: string) => ({
  id: `${groupId}-${resourceId}`,
  groupId,
  resourceType: 'table',
  resourceId,
  assignedAt: AT,
  assignedBy: 'x',
})

function caller(groupIds: string[], isAdmin = false): Caller {
  return {userId: 'u', email: 'u@x', name: 'U', isAdmin, groupIds, tokenKind: 'pat', tokenId: 't'}
}

async function world(tables: PublishedTable[], rows: Partial<Record<StateTable, object[]>> = {}) {
  const data = {now: tables as readonly PublishedTable[]}
  const state = await SystemState.load({
    load: async (table) => (rows[table] ?? []) as Record<string, unknown>[],
    async commit() {},
  })
  const catalog = new TableCatalog(
    {
      tables: () => data.now,
      byId: () => undefined,
      byName: () => undefined,
      async rescan() {},
      async close() {},
    },
    state,
  )
  const manifests = new ManifestCache(catalog)
  const entries = (who: Caller) => JSON.parse(`${manifests.forCaller(who).head}}`).tables
  const change = (...changes: StateChange[]) => state.update(() => ({changes, result: undefined}))
  return {data, state, catalog, manifests, entries, change}
}

describe('the manifest', () => {
  it('is keyed by name while rights go by id', async () => {
    const table = published('in_c-crm_orders', {name: 'orders'})
    const {entries, catalog} = await world(
      [table, published('orders_2', {name: 'in_c-crm_orders'})],
      {
        grants: [grant('g', 'in_c-crm_orders')],
      },
    )
    expect(Object.keys(entries(caller(['g'])))).toEqual(['orders'])
    for (const reference of ['orders', 'in_c-crm_orders'])
      expect(catalog.findFor(caller(['g']), reference)?.id).toBe('in_c-crm_orders')
    expect(catalog.findFor(caller(['h']), 'orders')).toBeUndefined()
    expect(catalog.findFor(caller([], true), 'in_c-crm_orders')?.id).toBe('orders_2')
  })

  it('words remote, missing and divided tables as the contract does', async () => {
    const parts = [
      {path: 'a.parquet', file: '/data/a', md5: 'b'.repeat(32), sizeBytes: 5, mtimeMs: 0},
    ]
    const {entries} = await world([
      published('remote', {queryMode: 'remote', hash: null, rows: null, sizeBytes: null}),
      published('missing', {
        queryMode: 'materialized',
        hash: null,
        rows: null,
        sizeBytes: null,
        updated: null,
      }),
      published('parts', {parts, serverOnly: true}),
    ])
    expect(entries(caller([], true))).toEqual({
      missing: {
        hash: null,
        updated: null,
        size_bytes: null,
        rows: null,
        query_mode: 'materialized',
        source_type: 'local',
        server_only: false,
      },
      parts: {
        hash: 'a'.repeat(32),
        updated: AT,
        size_bytes: 10,
        rows: 1,
        query_mode: 'local',
        source_type: 'local',
        server_only: true,
        parts: [{path: 'a.parquet', hash: 'b'.repeat(32), size_bytes: 5}],
      },
      remote: {
        hash: '',
        updated: AT,
        size_bytes: 0,
        rows: 0,
        query_mode: 'remote',
        source_type: 'local',
        server_only: false,
      },
    })
  })

  it('changes its ETag with the data and with the rights, and with nothing else', async () => {
    const {manifests, data, change} = await world([published('a'), published('b')], {
      grants: [grant('g', 'a')],
    })
    const etag = () => manifests.forCaller(caller(['g'])).etag
    const first = etag()
    await change({put: 'notes', row: {id: 'n', document: {}}})
    expect(etag()).toBe(first)
    await change({put: 'grants', row: grant('g', 'b')})
    const second = etag()
    expect(second).not.toBe(first)
    await change({drop: 'grants', key: ['g-b']})
    expect(etag()).toBe(first)
    data.now = [published('a', {hash: 'c'.repeat(32)}), published('b')]
    expect(etag()).not.toBe(first)
  })

  it('leaves out what is registered without data, and what was unregistered', async () => {
    const {entries, change, catalog} = await world([published('a'), published('b')])
    await change({put: 'registry', row: {id: 'c', name: 'c', isHidden: false, document: {}}})
    await change({put: 'registry', row: {id: 'b', name: 'b', isHidden: true, document: {}}})
    const admin = caller([], true)
    expect(Object.keys(entries(admin))).toEqual(['a'])
    expect(catalog.visible(admin).map(({name}) => name)).toEqual(['a', 'c'])
  })

  it('is made once for all who see the same, among 10,000 users, 100,000 grants and 10,000 tables', async () => {
    const tables = Array.from({length: 10_000}, (_, i) => published(`t${i}`))
    const grants = Array.from({length: 100_000}, (_, i) =>
      grant(`g${i % 100}`, `t${Math.floor(i / 100) * 10}`),
    )
    const members = Array.from({length: 10_000}, (_, i) => ({
      groupId: `g${i % 100}`,
      userId: `u${i}`,
    }))
    const {manifests, entries} = await world(tables, {grants, members})
    expect(Object.keys(entries(caller(['g7'])))).toHaveLength(1000)
    expect(manifests.forCaller(caller(['g7']))).toBe(manifests.forCaller(caller(['g7'])))
    expect(manifests.forCaller(caller(['g8'])).etag).toBe(manifests.forCaller(caller(['g7'])).etag)
  })
})
