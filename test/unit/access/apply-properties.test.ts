import fc from 'fast-check'
import {beforeAll, afterAll, describe, expect, it} from 'vitest'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {AdminApi} from '../../../src/lib/admin/admin-api.js'
import {openHttpClient} from '../../../src/lib/adapters/open-http-client.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {readEnv} from '../../../src/lib/config/env.js'
import {applyAccess, planFor} from '../../../src/lib/access/apply-access.js'
import {exportAccess} from '../../../src/lib/access/export-access.js'
import {parseAccess} from '../../../src/lib/access/parse-access.js'
import {everything, readAccess} from '../../../src/lib/access/read-access.js'
import {startEmbeddedServer, type EmbeddedServer} from '../../support/embedded-server.js'

const never = new AbortController().signal
const ADMIN = 'admin@localhost'
let server: EmbeddedServer
let dir: string
let admin: {api: AdminApi; me: string}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-access-'))
  server = await startEmbeddedServer({dir, isShared: true})
  const origin = {origin: server.url, token: server.adminToken, userAgent: 'test'}
  const env = readEnv({HOME: dir})
  const http = await openHttpClient(origin, {env, config: new NodeFiles(dir, systemRandom)})
  admin = {api: new AdminApi(http), me: ADMIN}
})

afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true, force: true})
})

const EMAILS = ['ana@example.com', 'bob@example.com', 'Cy@example.com', 'dee@example.com']
const GROUPS = ['analysts', 'Finance & co', '2024', 'no']
const TABLES = ['orders', 'customers', 'web_sessions']
const METRICS = ['revenue/mrr', 'revenue/arr', 'support/load']

const text = fc.oneof(
  fc.string({maxLength: 12}),
  fc.constantFrom('yes', '007', 'a: b', '# no', 'ž ☃'),
)
const printable = text.map((value) => value.replace(/[^\P{C}]/gu, '').trim())
const some = <T>(values: readonly T[]) => fc.subarray([...values])

const user = fc.record(
  {name: printable.map((name) => name || 'x'), active: fc.boolean()},
  {requiredKeys: []},
)
const group = fc.record(
  {description: fc.option(printable), members: some(EMAILS)},
  {requiredKeys: []},
)
const table = fc.record(
  {
    description: printable,
    bucket: printable,
    query_mode: fc.constant('local'),
    primary_key: fc.array(fc.constantFrom('id', 'day'), {maxLength: 2}),
    server_only: fc.boolean(),
    incremental_window_days: fc.nat(30),
    where_filters: fc.constant([{column: 'a', operator: '=', value: 1}]),
  },
  {requiredKeys: []},
)
const metric = fc.record(
  {
    sql: fc.constantFrom('SELECT 1', 'SELECT 2\nFROM orders\n'),
    display_name: printable,
    table: fc.constantFrom(...TABLES),
    synonyms: fc.array(
      printable.map((word) => word || 'x'),
      {maxLength: 3},
    ),
    notes: fc.array(fc.constantFrom('a', 'b'), {maxLength: 2}),
    sql_variants: fc.constant({by_day: 'SELECT 3'}),
    validation: fc.constant({min: 0}),
  },
  {requiredKeys: ['sql']},
)

/** Everybody is listed, so that whatever a group or grant names exists. */
const users = fc.tuple(...EMAILS.map(() => fc.option(user))).map((all) => ({
  [ADMIN]: null,
  ...Object.fromEntries(EMAILS.map((email, index) => [email, all[index]])),
}))
const dictionary = <T>(keys: readonly string[], value: fc.Arbitrary<T>) =>
  fc
    .tuple(some(keys), fc.tuple(...keys.map(() => value)))
    .map(([chosen, values]) => Object.fromEntries(chosen.map((key, index) => [key, values[index]])))

const state = fc
  .record({
    users,
    groups: dictionary(GROUPS, group),
    tables: dictionary(TABLES, table),
    metrics: dictionary(METRICS, metric),
    seeds: fc.array(fc.tuple(fc.nat(10), fc.nat(10)), {maxLength: 6}),
  })
  .map(({seeds, ...rest}) => ({...rest, grants: grantsOf(seeds, rest)}))

/** Grants between groups and tables that the file has. */
function grantsOf(
  seeds: readonly [number, number][],
  {groups, tables}: {groups: object; tables: object},
): Record<string, Record<string, string[]>> {
  const [groupNames, tableIds] = [[...Object.keys(groups), 'Everyone'], Object.keys(tables)]
  const grants: Record<string, Record<string, string[]>> = {}
  for (const [one, other] of seeds) {
    const [name, id] = [groupNames[one % groupNames.length]!, tableIds[other % tableIds.length]]
    if (id === undefined) continue
    const list = ((grants[name] ??= {}).table ??= [])
    if (!list.includes(id)) list.push(id)
  }
  return grants
}

/** With `--prune`, as every section is there: exactly this. Without, each step adds to the one before. */
const step = fc.record({state, prune: fc.boolean(), left: some(['tables', 'grants', 'metrics'])})

async function yamlOf(value: object): Promise<string> {
  const {stringify} = await import('yaml')
  return stringify(value)
}

describe('applying access', () => {
  it('leaves nothing to plan, whatever the server was and whatever the file says', async () => {
    const property = fc.asyncProperty(
      fc.array(step, {minLength: 1, maxLength: 3}),
      async (steps) => {
        for (const {state: file, prune, left} of steps) {
          const said = Object.entries(file).filter(([key]) => prune || !left.includes(key))
          // Without pruning a grant may name a table of a section that is left out.
          const kept = said.filter(([key]) => key !== 'grants' || !left.includes('tables') || prune)
          const desired = parseAccess(await yamlOf(Object.fromEntries(kept)), 'access.yaml')
          const options = {prune, path: 'access.yaml'}
          const {current, plan} = await planFor(admin, desired, options, never)
          const outcome = await applyAccess(admin, {desired, current, plan}, options, never)
          expect(outcome.applied.filter((one) => one.state !== 'done')).toEqual([])
          expect(outcome).toMatchObject({ok: true, remaining: []})
        }
      },
    )
    await fc.assert(property, {numRuns: 12, endOnFailure: true})
  }, 180_000)

  it('takes its own export as a file that changes nothing, pruned or not', async () => {
    const property = fc.asyncProperty(state, fc.boolean(), async (file, prune) => {
      const desired = parseAccess(await yamlOf(file), 'access.yaml')
      const options = {prune, path: 'access.yaml'}
      const planned = await planFor(admin, desired, options, never)
      await applyAccess(admin, {desired, ...planned}, options, never)
      const now = await readAccess(admin, everything, never)
      const {yaml} = await exportAccess(now, server.url)
      const again = parseAccess(yaml, 'export')
      const {plan} = await planFor(admin, again, {prune: true, path: 'export'}, never)
      expect(plan.actions).toEqual([])
      expect((await exportAccess(now, server.url)).yaml).toBe(yaml)
    })
    await fc.assert(property, {numRuns: 6, endOnFailure: true})
  }, 180_000)
})
