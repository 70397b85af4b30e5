import {createHash} from 'node:crypto'
import {uuid} from './auth/token-issuer.js'
import type {DemoSeed} from './data/create-demo-data.js'
import {fromYaml, newMetric} from './routes/metrics.js'
import {newNote} from './routes/memory.js'
import {newUser, type SeedDeps} from './seed-state.js'
import type {GroupRow, StateChange, UserRow} from './state/rows.js'
import {naiveIso} from './times.js'

const SEEDER = 'system:demo'

/** Puts the demo company's people, rights, metrics and notes into the state; what is there stays. */
export async function seedDemo(demo: DemoSeed, deps: SeedDeps): Promise<void> {
  const groups = missingGroups(demo, deps)
  const users = missingUsers(demo, deps)
  const changes = [
    ...[...groups.values()].map((row): StateChange => ({put: 'groups', row})),
    ...[...users.values()].map((row): StateChange => ({put: 'users', row})),
    ...memberships(demo, deps, {groups, users}),
    ...grants(demo, deps, groups),
    ...knowledge(demo, deps),
  ]
  await deps.state.update(() => ({changes, result: undefined}))
}

function missingGroups(
  {groups}: DemoSeed,
  {state, clock, random}: SeedDeps,
): Map<string, GroupRow> {
  const missing = groups.filter(({name}) => !state.groupByName(name))
  return new Map(
    missing.map(({name, description}) => [
      name,
      {
        id: random.hex(16),
        name,
        description,
        isSystem: false,
        createdAt: naiveIso(clock.now()),
        createdBy: SEEDER,
      },
    ]),
  )
}

function missingUsers({users}: DemoSeed, deps: SeedDeps): Map<string, UserRow> {
  const missing = users.filter(({email}) => !deps.state.userByEmail(email))
  return new Map(missing.map((user) => [user.email, newUser(deps, user)]))
}

function memberships(
  {users}: DemoSeed,
  {state, clock}: SeedDeps,
  made: {groups: Map<string, GroupRow>; users: Map<string, UserRow>},
): StateChange[] {
  return users.flatMap(({email, groups}) =>
    groups.flatMap((name): StateChange[] => {
      const groupId = (made.groups.get(name) ?? state.groupByName(name))?.id ?? ''
      const userId = (made.users.get(email) ?? state.userByEmail(email))?.id ?? ''
      if (state.get('members', groupId, userId)) return []
      const addedAt = naiveIso(clock.now())
      return [{put: 'members', row: {groupId, userId, source: 'admin', addedAt, addedBy: SEEDER}}]
    }),
  )
}

function grants(
  demo: DemoSeed,
  {state, clock, random}: SeedDeps,
  made: Map<string, GroupRow>,
): StateChange[] {
  const wanted = [
    ...demo.grants.map(({group, tableId}) => ({group, type: 'table', id: tableId})),
    ...demo.pluginGrants.map(({group, pluginId}) => ({
      group,
      type: 'marketplace_plugin',
      id: pluginId,
    })),
  ]
  return wanted.flatMap(({group, type, id}): StateChange[] => {
    const groupId = (made.get(group) ?? state.groupByName(group))?.id ?? ''
    if (state.isGranted(groupId, type, id)) return []
    const row = {
      id: uuid(random),
      groupId,
      resourceType: type,
      resourceId: id,
      assignedAt: naiveIso(clock.now()),
      assignedBy: SEEDER,
    }
    return [{put: 'grants', row}]
  })
}

function knowledge({metrics, notes}: DemoSeed, {state, clock, random}: SeedDeps): StateChange[] {
  const options = {source: 'yaml_import', now: naiveIso(clock.now()), before: undefined}
  const metricRows = metrics.map((entry) => newMetric(fromYaml(entry), options))
  const noteRows = notes.map((note) => {
    const id = stableId(note.title)
    return {id, document: {...newNote({clock, random}, {...note, sourceUser: SEEDER}), id}}
  })
  return [
    ...metricRows.flatMap((row): StateChange[] =>
      state.get('metrics', row.id) ? [] : [{put: 'metrics', row}],
    ),
    ...noteRows.flatMap((row): StateChange[] =>
      state.get('notes', row.id) ? [] : [{put: 'notes', row}],
    ),
  ]
}

/** The same note has the same id on every start. */
function stableId(title: string): string {
  const hex = createHash('md5').update(title).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
