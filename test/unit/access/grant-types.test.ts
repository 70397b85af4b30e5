import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {applyAccess, planFor, type Administration} from '../../../src/lib/access/apply-access.js'
import {exportAccess} from '../../../src/lib/access/export-access.js'
import {parseAccess} from '../../../src/lib/access/parse-access.js'
import {everything, readAccess} from '../../../src/lib/access/read-access.js'
import {AdminApi} from '../../../src/lib/admin/admin-api.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {startEmbeddedServer} from '../../support/embedded-server.js'
import {noData} from '../../support/folder-store.js'
import {recorded, recordedBytes} from '../../support/recorded.js'
import {startTestServer} from '../../support/test-server.js'

const never = new AbortController().signal
const GROUPS = ['Sales', 'Finance & co']
const IDS = ['orders', 'pkg_4da47b2e0fce', 'starter/analyst', 'md_finance', '2024', 'a: b', 'yes']

/** As the recorded server lists them. */
const TYPES_0_84_8 = (() => {
  const answer = recorded('v0.84.8').find(({label}) => label === 'admin: resource types')!
  const types = JSON.parse(recordedBytes(answer.response.body).toString()) as {key: string}[]
  return types.map(({key}) => key)
})()

interface WireGrant {
  id: string
  group_id: string
  resource_type: string
  resource_id: string
  requirement: string
}

/** The grants of a server 0.84.8: every type it knows, with a requirement each. */
async function newServer() {
  const server = await startTestServer()
  const table = (id: string) => ({id, name: id, query_mode: 'local', source_type: 'local'})
  const admin = {id: 'root', email: 'root@example.com', name: 'Root', is_admin: true, active: true}
  let grants: WireGrant[] = []
  let made = 0
  const full = (grant: WireGrant) => ({
    ...{...grant, group_name: GROUPS[Number(grant.group_id)]},
    ...{assigned_at: '2026-11-21 05:11:12.998144', assigned_by: 'root@example.com'},
  })
  server.json('/api/users', [admin]).optional()
  server
    .json(
      '/api/admin/groups',
      GROUPS.map((name, id) => ({id: String(id), name})),
    )
    .optional()
  server.json('/api/admin/registry', {tables: IDS.map(table), count: IDS.length}).optional()
  server.json('/api/metrics', {metrics: [], count: 0}).optional()
  server.json(
    '/api/admin/resource-types',
    TYPES_0_84_8.map((key) => ({key, display_name: key, description: '', id_format: ''})),
  )
  server.on('GET', /\/members$/, () => ({status: 200, body: []})).optional()
  server.on('GET', '/api/admin/grants', () => ({status: 200, body: grants.map(full)})).optional()
  server
    .on('POST', '/api/admin/grants', ({body}) => {
      const {requirement = 'available', ...asked} = JSON.parse(String(body)) as WireGrant
      const grant = {...asked, requirement, id: `grant-${(made += 1)}`}
      grants.push(grant)
      return {status: 201, body: full(grant)}
    })
    .optional()
  server
    .on('PUT', /^\/api\/admin\/grants\//, ({path, body}) => {
      const grant = grants.find(({id}) => path.endsWith(`/${id}`))!
      Object.assign(grant, JSON.parse(String(body)))
      return {status: 200, body: full(grant)}
    })
    .optional()
  server
    .on('DELETE', /^\/api\/admin\/grants\//, ({path}) => {
      grants = grants.filter(({id}) => !path.endsWith(`/${id}`))
      return {status: 204}
    })
    .optional()
  return {
    admin: administration(server.origin, 'root@example.com'),
    fill: (all: Omit<WireGrant, 'id'>[]) => {
      grants = all.map((grant) => ({...grant, id: `grant-${(made += 1)}`}))
    },
  }
}

function administration(origin: string, me: string, token = 'x'): Administration {
  return {api: new AdminApi(new GotHttpClient({origin, token, userAgent: 'test'})), me}
}

const grantsOf = (types: readonly string[]) =>
  fc.uniqueArray(
    fc
      .record({
        group_id: fc.constantFrom('0', '1'),
        resource_type: fc.constantFrom(...types),
        resource_id: fc.constantFrom(...IDS),
        requirement: fc.constantFrom('available', 'required'),
      })
      // Of a table a requirement means nothing, and a file leaves it alone.
      .map((grant) =>
        grant.resource_type === 'table' ? {...grant, requirement: 'available'} : grant,
      ),
    {
      maxLength: 12,
      selector: ({group_id: group, resource_type: type, resource_id: id}) =>
        [group, type, id].join('\n'),
    },
  )

async function exported(admin: Administration): Promise<string> {
  return (await exportAccess(await readAccess(admin, everything, never), 'one')).yaml
}

async function apply(admin: Administration, yaml: string) {
  const desired = parseAccess(yaml, 'access.yaml')
  const options = {prune: true, path: 'access.yaml'}
  const outcome = await applyAccess(
    admin,
    {desired, ...(await planFor(admin, desired, options, never))},
    options,
    never,
  )
  expect(outcome.applied.filter(({state}) => state !== 'done')).toEqual([])
  expect(outcome.remaining).toEqual([])
}

describe('an export, applied', () => {
  it('brings grants of every type of resource, and their requirement, to any other state', async () => {
    expect(TYPES_0_84_8).toEqual(expect.arrayContaining(['data_package', 'memory_domain', 'chat']))
    const {admin, fill} = await newServer()
    const grants = grantsOf(TYPES_0_84_8)
    const property = fc.asyncProperty(grants, grants, async (wanted, before) => {
      fill(wanted)
      const yaml = await exported(admin)
      fill(before)
      await apply(admin, yaml)
      expect(await exported(admin)).toBe(yaml)
    })
    const each = (requirement: string) =>
      TYPES_0_84_8.map((type) => ({
        ...{group_id: '0', resource_type: type, resource_id: 'orders'},
        requirement: type === 'table' ? 'available' : requirement,
      }))
    // Whatever chance picks, every type is tried: to be made, removed, and changed.
    const [all, locked] = [each('available'), each('required')]
    await fc.assert(property, {
      numRuns: 15,
      endOnFailure: true,
      examples: [
        [all, []],
        [[], all],
        [all, locked],
        [locked, all],
      ],
    })
  })

  it('does so with the types of the embedded server', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const admin = administration(server.url, 'admin@localhost', server.adminToken)
    const types = (await admin.api.resourceTypes(never)).map(({key}) => key)
    const file = (grants: object) => JSON.stringify({tables: {orders: {}}, grants})
    const every = {Everyone: Object.fromEntries(types.map((type) => [type, ['orders']]))}
    await apply(admin, file(every))
    const yaml = await exported(admin)
    for (const type of types) expect(yaml).toContain(`    ${type}:\n      - orders\n`)
    await apply(admin, file({}))
    expect(server.state.count('grants')).toBe(0)
    await apply(admin, yaml)
    expect(await exported(admin)).toBe(yaml)
  })
})
