import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {adminOf} from '../support/admin-runs.js'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {tempDir} from '../support/temp-dir.js'
import type {StateChange} from '../../src/server/state/rows.js'

const AT = '2026-01-31T12:00:00.000000'
const GROUPS = 1000
const GRANTS_EACH = 100
const USERS = 10_000
const TABLES = 200

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
      const grant = {
        id: `grant-${g}-${r}`,
        groupId,
        resourceType: 'table',
        resourceId: tableId(g, r),
      }
      changes.push({put: 'grants', row: {...grant, assignedAt: AT, assignedBy: 'test'}})
    }
  }
  return changes
}

/** Neighbouring groups share tables; two of them together read all of them. */
function tableId(group: number, grant: number): string {
  return `t${String((group * GRANTS_EACH + grant) % TABLES).padStart(3, '0')}`
}

async function folderOfTables(): Promise<string> {
  const dir = await tempDir()
  for (let r = 0; r < TABLES; r++) await writeFile(join(dir, `${tableId(0, r)}.csv`), 'id\n1\n')
  return dir
}

it('holds 10,000 people and 100,000 grants over 200 tables, and gives each their own', async () => {
  const server = await startEmbeddedServer({dir: await folderOfTables()})
  const analyst = server.state.userByEmail('analyst@example.com')!
  const members = [0, 2, 4].map((g) => ({
    put: 'members' as const,
    row: {
      groupId: `group-${String(g).padStart(4, '0')}`,
      userId: analyst.id,
      source: 'admin',
      addedAt: AT,
      addedBy: 'test',
    },
  }))
  // All at once: a commit of any length must fit the memory of the state's engine.
  await server.state.update(() => ({changes: [...company(), ...members], result: undefined}))

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

  const tables = async () => {
    const {body} = await server.call('GET', '/api/sync/manifest', {token: server.analystToken})
    return Object.keys(body.tables as object)
  }
  const half = Array.from({length: GRANTS_EACH}, (_, r) => tableId(0, r))
  expect(await tables()).toEqual(half)
  await server.call('POST', '/api/admin/groups/group-0001/members', {
    body: {email: analyst.email},
  })
  expect(await tables()).toHaveLength(TABLES)
  // What one group loses another still gives, as long as one does.
  expect((await admin(['group', 'delete', 'group-0000', '--yes'])).exitCode).toBe(0)
  expect(await tables()).toHaveLength(TABLES)
  for (const group of ['group-0002', 'group-0004'])
    await server.call('DELETE', `/api/admin/groups/${group}/members/${analyst.id}`)
  expect(await tables()).toEqual(Array.from({length: GRANTS_EACH}, (_, r) => tableId(1, r)))
}, 180_000)
