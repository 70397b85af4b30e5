import {expect, it} from 'vitest'
import {adminOf} from '../support/admin-runs.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {noEngine} from '../support/folder-store.js'
import type {StateChange} from '../../src/server/state/rows.js'

const AT = '2026-01-31T12:00:00.000000'
const GROUPS = 1000
const GRANTS_EACH = 100
const USERS = 10_000

const emptyData = async () => ({
  store: {
    tables: () => [],
    byId: () => undefined,
    byName: () => undefined,
    async rescan() {},
    async close() {},
  },
  engine: noEngine,
})

function company(): StateChange[] {
  const changes: StateChange[] = []
  for (let u = 0; u < USERS; u++) {
    const id = `user-${u}`
    const row = {id, email: `${id}@example.com`, name: id, active: true, passwordHash: null}
    changes.push({put: 'users', row: {...row, createdAt: AT, deactivatedAt: null}})
  }
  for (let g = 0; g < GROUPS; g++) {
    const groupId = `group-${String(g).padStart(4, '0')}`
    const group = {id: groupId, name: groupId, description: null, isSystem: false}
    changes.push({put: 'groups', row: {...group, createdAt: AT, createdBy: 'test'}})
    for (let r = 0; r < GRANTS_EACH; r++) {
      const grant = {id: `grant-${g}-${r}`, groupId, resourceType: 'table', resourceId: `t${r}`}
      changes.push({put: 'grants', row: {...grant, assignedAt: AT, assignedBy: 'test'}})
    }
  }
  return changes
}

it('lists 100,000 grants and 10,000 users whole, in pages of bounded size', async () => {
  const server = await startEmbeddedServer({openData: emptyData})
  const all = company()
  for (let from = 0; from < all.length; from += 5000)
    await server.state.update(() => ({changes: all.slice(from, from + 5000), result: undefined}))

  const seen = new Set<string>()
  let after = ''
  let pages = 0
  do {
    const query = `page_size=1000${after === '' ? '' : `&after=${after}`}`
    const {body, headers} = await server.call('GET', `/api/admin/grants?${query}`)
    expect(body.length).toBeLessThanOrEqual(1000)
    for (const grant of body as {id: string}[]) seen.add(grant.id)
    after = headers.get('x-agnes-next-page') ?? ''
    pages += 1
  } while (after !== '')
  expect([seen.size, pages]).toEqual([GROUPS * GRANTS_EACH, 100])

  const admin = await adminOf(server)
  const users = await admin(['user', 'list'])
  expect(users.stdout.trimEnd().split('\n')).toHaveLength(USERS + 2)
  const one = await admin(['grant', 'list', '--group', 'group-0500', '--json'])
  expect(one.json.count).toBe(GRANTS_EACH)

  const manifest = await server.call('GET', '/api/sync/manifest', {token: server.analystToken})
  expect(manifest.status).toBe(200)
}, 120_000)
