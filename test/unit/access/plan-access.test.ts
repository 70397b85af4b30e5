import {describe, expect, it} from 'vitest'
import type {AccessAction, CurrentAccess} from '../../../src/lib/access/access-model.js'
import {parseAccess} from '../../../src/lib/access/parse-access.js'
import {planAccess} from '../../../src/lib/access/plan-access.js'
import {readPlan, refuseStale, storePlan} from '../../../src/lib/access/plan-file.js'

const user = (email: string, more: object = {}) => ({
  ...{id: `id-${email}`, email, name: email, isActive: true, isAdmin: false},
  ...more,
})
const group = (name: string, more: object = {}) => ({
  ...{id: `id-${name}`, name, description: null, isSystem: false, isManagedElsewhere: false},
  ...more,
})
const grant = (groupName: string, resourceId: string, more: object = {}) => ({
  ...{id: `${groupName}-${resourceId}`, groupId: `id-${groupName}`, resourceType: 'table'},
  ...{resourceId, requirement: null, isSystem: false},
  ...more,
})
const table = (id: string, fields: object = {}, isInternal = false) => ({
  ...{id, fields: {name: id, ...fields}, isInternal},
})
const member = (email: string, source = 'admin') => ({userId: `id-${email}`, email, source})

function world(more: Partial<CurrentAccess> = {}): CurrentAccess {
  return {
    me: 'root@x',
    users: [user('root@x', {isAdmin: true}), user('ana@x')],
    groups: [group('Admin', {isSystem: true}), group('Everyone', {isSystem: true}), group('sales')],
    members: new Map([
      ['id-Admin', [member('root@x', 'system_seed')]],
      ['id-sales', [member('ana@x')]],
    ]),
    tables: [table('orders'), table('agnes_audit', {}, true)],
    grants: [grant('sales', 'orders')],
    metrics: [],
    resourceTypes: ['table', 'marketplace_plugin'],
    ...more,
  }
}

function plan(yaml: string, {prune = false, current = world()} = {}) {
  return planAccess(current, parseAccess(yaml, 'access.yaml'), {prune, path: 'access.yaml'})
}
const words = ({actions}: {actions: AccessAction[]}) =>
  actions.map(({verb, kind, group, name}) => [verb, kind, group, name].filter(Boolean).join(' '))

describe('a plan', () => {
  it('is in the order in which things need each other, removals the other way round', () => {
    const file = `
users: {root@x: , new@x: }
groups: {Admin: , Everyone: , staff: {members: [new@x]}}
tables: {fresh: }
grants: {staff: {table: [fresh]}}
metrics: {a/b: {sql: SELECT 1}}`
    const current = world({metrics: [{id: 'old/one', fields: {}, other: {}}]})
    expect(words(plan(file, {prune: true, current}))).toEqual([
      'create user new@x',
      'create group staff',
      'create member staff new@x',
      'create table fresh',
      'create grant staff fresh',
      'create metric a/b',
      'remove metric old/one',
      'remove grant sales orders',
      'remove table orders',
      'remove member sales ana@x',
      'remove group sales',
      'remove user ana@x',
    ])
  })

  it.each([
    ['', []],
    ['users: {}\ngroups: {}\ntables: {}\ngrants: {}\nmetrics: {}', []],
    ['users: {ana@x: }', []],
    ['groups: {sales: {members: []}}', []],
    ['users: {ANA@X: {name: Ana}}', ['change user ana@x']],
    ['users: {ana@x: {active: false}}', ['change user ana@x']],
    ['groups: {sales: {members: [Ana@x]}}', []],
    ['grants: {sales: {table: [orders]}}', []],
    ['tables: {orders: {description: All}}', ['change table orders']],
  ])('for %j without --prune removes nothing', (file, expected) => {
    expect(words(plan(file))).toEqual(expected)
  })

  it.each([
    ['groups: {sales: , Admin: , Everyone: }', []],
    ['groups: {sales: {members: []}, Admin: , Everyone: }', ['remove member sales ana@x']],
    ['groups: {sales: }', []],
    [
      'groups: {}',
      ['remove grant sales orders', 'remove member sales ana@x', 'remove group sales'],
    ],
    ['grants: {}', ['remove grant sales orders']],
    ['tables: {}', ['remove table orders']],
    ['users: {root@x: }', ['remove user ana@x']],
  ])('for %j with --prune removes what the sections leave out', (file, expected) => {
    expect(words(plan(file, {prune: true}))).toEqual(expected)
  })

  it('keeps what no administrator can remove, and says so', () => {
    const current = world({
      groups: [...world().groups, group('google', {isManagedElsewhere: true})],
      grants: [grant('sales', 'p/q', {resourceType: 'marketplace_plugin', isSystem: true})],
      users: [...world().users, user('scheduler@system.local', {isAdmin: true})],
    })
    const {actions, kept} = plan(
      'users: {root@x: , ana@x: }\ngroups: {Admin: {members: []}, sales: }\ntables: {orders: }\ngrants: {}',
      {prune: true, current},
    )
    expect(actions).toEqual([])
    expect(kept.map(({kind, name, reason}) => `${kind} ${name}: ${reason}`)).toEqual([
      'member root@x: the server put them there',
      'group Everyone: a system group stays',
      'group google: a directory outside decides about it',
      "table agnes_audit: the server's own table stays",
      'grant p/q: a system grant stays',
    ])
  })

  it('keeps accounts of the server where they are: an export does not list them', () => {
    const machine = 'scheduler@system.local'
    const current = world({
      users: [...world().users, user(machine, {isAdmin: true})],
      members: new Map([
        ...world().members,
        ['id-sales', [member('ana@x', 'admin'), member(machine, 'admin')]],
      ]),
    })
    const file = 'groups: {Admin: , Everyone: , sales: {members: [ana@x]}}'
    const {actions, kept} = plan(file, {prune: true, current})
    expect(actions).toEqual([])
    expect(kept.map(({name, reason}) => `${name}: ${reason}`)).toContain(
      `${machine}: an account of the server itself`,
    )
  })

  it.each([
    ['grants: {sale: {table: [orders]}}', 'there is no group sale; did you mean sales?'],
    [
      'grants: {sales: {table: [order]}}',
      'there is no table with the id order; did you mean orders?',
    ],
    [
      'grants: {sales: {tables: [orders]}}',
      'there is no type of resource tables; did you mean table?',
    ],
    ['groups: {sales: {members: [bob@x]}}', 'bob@x is no user'],
    ['tables: {New One: }', 'a new table New One gets the id new_one, not New One'],
    ['tables: {agnes_audit: {description: x}}', "agnes_audit is the server's own table"],
    ['metrics: {a/b: {unit: EUR}}', 'the metric a/b has no sql'],
  ])('refuses %s with its line', (file, message) => {
    expect(() => plan(file)).toThrow(`line 1: ${message}`)
  })

  it.each<[string, string, Partial<CurrentAccess>]>([
    ['users: {ana@x: }', 'last_admin', {}],
    ['users: {root@x: {active: false}}', 'last_admin', {}],
    ['users: {new@x: }\ngroups: {Admin: {members: [new@x]}}', 'last_admin', {}],
    [
      'groups: {Admin: {members: []}}',
      'last_admin',
      {members: new Map([['id-Admin', [member('root@x')]]])},
    ],
    [
      'users: {bob@x: }',
      'locks_you_out',
      {users: [...world().users, user('bob@x', {isAdmin: true})]},
    ],
    [
      'users: {ana@x: }',
      'last_admin',
      {users: [...world().users, user('scheduler@system.local', {isAdmin: true})]},
    ],
  ])('locks nobody out: %s is %s', (file, code, more) => {
    expect(() => plan(file, {prune: true, current: world(more)})).toThrow(
      expect.objectContaining({code, exitCode: 6}),
    )
  })

  it('lets another administrator go', () => {
    const current = world({users: [...world().users, user('bob@x', {isAdmin: true})]})
    expect(words(plan('users: {root@x: , ana@x: }', {prune: true, current}))).toEqual([
      'remove user bob@x',
    ])
  })

  it('says where grants of tables have no effect', () => {
    const current = world({resourceTypes: ['table', 'data_package']})
    expect(plan('grants: {sales: {table: [orders]}}', {current}).notices[0]).toContain(
      'data packages',
    )
  })
})

describe('a stored plan', () => {
  const file = 'users: {root@x: , ana@x: {name: Ana}}\ngroups: {sales: {members: [root@x]}}'
  const facts = {server: 'https://a', madeAt: '2026-01-31T12:00:00.000Z', prune: false}
  const stored = () => {
    const current = world()
    const made = storePlan(plan(file), {...facts, file: {path: 'f', sha256: 'abc'}, current})
    return readPlan(JSON.stringify(made), 'p')
  }
  const check = (current: CurrentAccess, more: object = {}) =>
    refuseStale(stored(), {
      ...{server: 'https://a', sha256: 'abc', prune: false, current, plan: plan(file, {current})},
      ...more,
    })

  it('holds while nothing moves, and after its own beginning', () => {
    check(world())
    const [root, ana] = world().users
    check(world({users: [root!, {...ana!, name: 'Ana'}]}))
    check(
      world({
        members: new Map([...world().members, ['id-sales', [member('ana@x'), member('root@x')]]]),
      }),
    )
  })

  it.each<[string, Partial<CurrentAccess>, object, string]>([
    ['a new person', {users: [...world().users, user('bob@x')]}, {}, 'user bob@x'],
    [
      'a renamed person',
      {users: [user('root@x', {isAdmin: true, name: 'R'}), user('ana@x')]},
      {},
      'user root@x',
    ],
    [
      'a lost member',
      {
        members: new Map([
          ['id-sales', []],
          ['id-Admin', [member('root@x', 'system_seed')]],
        ]),
      },
      {},
      'member ana@x of sales',
    ],
    ['a revoked grant', {grants: []}, {}, 'grant of table orders to sales'],
    [
      'a changed table',
      {tables: [table('orders', {bucket: 'b'}), table('agnes_audit', {}, true)]},
      {},
      'table orders',
    ],
    ['another file', {}, {sha256: 'abd'}, 'the file f'],
    ['another server', {}, {server: 'https://b'}, 'the server (planned for https://a)'],
    ['--prune', {}, {prune: true}, '--prune'],
  ])('is stale after %s, and names it', (_, more, said, words) => {
    expect(() => check(world(more), said)).toThrow(
      expect.objectContaining({
        ...{code: 'stale_plan', exitCode: 6},
        message: expect.stringContaining(words) as string,
      }),
    )
  })

  it.each(['', '{}', '{"kind":"agnes-access-plan","version":1}'])('is not %j', (text) => {
    expect(() => readPlan(text, 'p')).toThrow(expect.objectContaining({code: 'invalid_plan'}))
  })

  it('is refused after somebody changed it', () => {
    const text = JSON.stringify(stored())
    const things = text.replace(/("\[\\"user\\",\\"ana@x\\"\]":")../, '$1zz')
    expect(things).not.toBe(text)
    expect(() => readPlan(things, 'p')).toThrow('it was changed')
  })
})
