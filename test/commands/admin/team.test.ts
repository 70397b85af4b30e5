import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {adminOf} from '../../support/admin-runs.js'
import {startEmbeddedServer} from '../../support/embedded-server.js'
import {noData} from '../../support/folder-store.js'
import {tempDir} from '../../support/temp-dir.js'

/** People and groups need no data. */
async function people() {
  const server = await startEmbeddedServer({openData: noData})
  return {server, admin: await adminOf(server)}
}

async function team() {
  const dir = await tempDir()
  await writeFile(join(dir, 'orders.csv'), 'id,amount\n1,10\n')
  await writeFile(join(dir, 'customers.csv'), 'id,name\n1,Ann\n')
  const server = await startEmbeddedServer({dir})
  return {server, admin: await adminOf(server)}
}

describe('agnes admin group', () => {
  it('makes, lists, fills, empties and deletes groups', async () => {
    const {admin} = await people()
    const made = await admin(['group', 'create', 'sales', '--description', 'Who sells'], {
      tty: true,
    })
    expect(made.stdout).toMatch(/^Created group sales \([0-9a-f]{8}\)\.\n$/)
    const added = await admin(['group', 'add-member', 'sales', 'analyst@example.com'])
    expect(added.stdout).toBe('added\tmember\tanalyst-0000\tanalyst@example.com\tsales\tnew\n')
    const again = await admin(['group', 'add-member', 'sales', 'analyst@', '--json'])
    expect([again.exitCode, again.json.changes[0].isNew]).toEqual([0, false])
    const members = await admin(['group', 'members', 'sales', '--json'])
    expect(members.json).toMatchObject({
      members: [{userId: 'analyst-0000', email: 'analyst@example.com', source: 'admin'}],
      count: 1,
    })
    const list = await admin(['group', 'list'], {tty: true})
    expect(list.stdout).toMatch(/^Id +Group +Members +Grants +Kind +Description\n/)
    expect(list.stdout).toMatch(/[0-9a-f]{8} +sales +1 +0 +custom +Who sells/)
    expect(
      (await admin(['group', 'remove-member', 'sales', 'analyst@example.com', '--yes'])).exitCode,
    ).toBe(0)
    const gone = await admin(['group', 'delete', 'sales', '--yes'])
    expect(gone.stdout).toMatch(/^deleted\tgroup\t[0-9a-f]{32}\tsales\t\tnew\n$/)
    expect((await admin(['group', 'list', '--json'])).json.groups.map((g: any) => g.name)).toEqual([
      'Admin',
      'Everyone',
      'analysts',
    ])
  })

  it('tells the server’s own reason for what it refuses', async () => {
    const {admin} = await people()
    const system = await admin(['group', 'delete', 'Everyone', '--yes'])
    expect([system.exitCode, system.stderr]).toEqual([6, 'Error: Cannot delete a system group\n'])
    const twice = await admin(['group', 'create', 'analysts', '--json'])
    expect([twice.exitCode, twice.json.error.message]).toEqual([
      6,
      "Group 'analysts' already exists",
    ])
    const last = await admin(['group', 'remove-member', 'Admin', 'admin@localhost', '--yes'])
    expect(last.exitCode).toBe(4)
  })

  it('counts what was done when some of it failed', async () => {
    const {admin} = await people()
    await admin(['user', 'create', 'ben@example.com'])
    const run = ['group', 'add-member', 'Everyone', 'ben@example.com', 'nobody@example.com']
    const json = await admin([...run, '--json'])
    expect(json.exitCode).toBe(12)
    expect(json.json).toMatchObject({
      changes: [{name: 'ben@example.com', isNew: true}],
      failed: [{reference: 'nobody@example.com', code: 'user_not_found'}],
    })
    const text = await admin(run)
    expect(text.exitCode).toBe(12)
    expect(text.stderr).toContain('Done: 1 of 2.')
    expect((await admin(['group', 'add-member', 'Everyone', 'nobody@example.com'])).exitCode).toBe(
      4,
    )
  })
})

describe('a verb that takes something away', () => {
  const verbs = [
    ['group', 'delete', 'analysts'],
    ['group', 'remove-member', 'analysts', 'analyst@example.com'],
    ['user', 'deactivate', 'analyst@example.com'],
    ['user', 'delete', 'analyst@example.com'],
    ['table', 'unregister', 'orders'],
    ['grant', 'delete', 'grant-orders'],
    ['metrics', 'delete', 'sales/total'],
  ]
  it.each(verbs)('%s %s asks, and without anybody to ask does nothing', async (...words) => {
    const {server, admin} = await team()
    await server.grant('orders')
    const metric = {
      id: 'sales/total',
      name: 'total',
      display_name: 'Total',
      category: 'sales',
      sql: 'x',
    }
    await server.call('POST', '/api/admin/metrics', {body: metric})
    const before = JSON.stringify([...server.state.all('users'), ...server.state.all('groups')])
    for (const extra of [[], ['--json']]) {
      const refused = await admin([...words, ...extra])
      expect(refused.exitCode).toBe(2)
      expect(refused.stdout + refused.stderr).toContain('Add --yes to do it without being asked.')
    }
    const no = await admin(words, {tty: true, stdin: 'n\n'})
    expect([no.exitCode, no.stderr]).toEqual([2, expect.stringContaining('Nothing was changed.')])
    expect(JSON.stringify([...server.state.all('users'), ...server.state.all('groups')])).toBe(
      before,
    )
    const yes = await admin(words, {tty: true, stdin: 'y\n'})
    expect([yes.exitCode, yes.stderr]).toEqual([0, expect.stringMatching(/\? \[y\/N\] $/)])
  })
})

describe('agnes admin grant', () => {
  it('grants tables by name, shows them, and takes them back by the beginning of an id', async () => {
    const {admin} = await team()
    const made = await admin(['grant', 'analysts', 'orders', 'customers'], {tty: true})
    expect(made.stdout.split('\n')[0]).toMatch(
      /^Granted table orders to group analysts \([0-9a-f]{8}\)\.$/,
    )
    const again = await admin(['grant', 'create', 'analysts', 'table', 'orders', '--json'])
    expect([again.exitCode, again.json.changes[0].isNew]).toEqual([0, false])
    const shown = await admin(['grant', 'analysts'], {tty: true})
    expect(shown.stdout).toContain('Grant more: agnes admin grant analysts TABLE')
    const list = (await admin(['grant', 'list', '--group', 'analysts', '--json'])).json
    expect(list.count).toBe(2)
    expect(list.grants.map((grant: any) => grant.resourceId)).toEqual(['customers', 'orders'])
    const id = list.grants[0].id as string
    const gone = await admin(['grant', 'delete', id.slice(0, 8), '--yes'])
    expect(gone.stdout).toBe(`revoked\tgrant\t${id}\ttable customers\tanalysts\tnew\n`)
    const groups = await admin(['grant', '--json'])
    expect(groups.json).toMatchObject({kind: 'groups', groups: expect.any(Array)})
  })

  it('refuses a table nobody has heard of, with the nearest name', async () => {
    const {admin} = await team()
    const typo = await admin(['grant', 'analysts', 'ordes'])
    expect(typo.exitCode).toBe(4)
    expect(typo.stderr).toContain('Similar: orders.')
    const later = await admin(['grant', 'create', 'analysts', 'table', 'later', '--unlisted'])
    expect(later.exitCode).toBe(0)
    const type = await admin(['grant', 'create', 'analysts', 'planet', 'mars', '--json'])
    expect(type.json.error.message).toContain("Unknown resource_type 'planet'")
  })

  it('leaves grants of the server alone', async () => {
    const {server, admin} = await team()
    const row = {
      id: 'sys-1',
      groupId: 'analysts',
      resourceType: 'marketplace_plugin',
      resourceId: 'built-in/help',
      assignedAt: '2026-01-31T12:00:00.000000',
      assignedBy: 'system:plugins',
      isSystem: true,
    }
    await server.state.update(() => ({changes: [{put: 'grants', row}], result: undefined}))
    const refused = await admin(['grant', 'delete', 'sys-1', '--yes'])
    expect([refused.exitCode, refused.stderr]).toEqual([6, 'Error: cannot_revoke_system_grant\n'])
  })
})

describe('agnes admin user', () => {
  it('makes users, sets passwords that never pass the command line, and shuts them out', async () => {
    const {server, admin} = await people()
    const made = await admin(['user', 'create', 'eve@example.com', '--name', 'Eve', '--json'])
    expect(made.json.changes[0]).toMatchObject({
      action: 'created',
      kind: 'user',
      name: 'eve@example.com',
    })
    const set = await admin(['user', 'set-password', 'eve@example.com', '--password-stdin'], {
      stdin: 'correct horse\n',
    })
    expect([set.exitCode, set.stdout]).toEqual([0, expect.stringContaining('eve@example.com')])
    const signIn = () =>
      server.call('POST', '/auth/token', {
        token: null,
        body: {email: 'eve@example.com', password: 'correct horse'},
      })
    expect((await signIn()).status).toBe(200)
    expect((await admin(['user', 'set-password', 'eve@example.com'])).exitCode).toBe(2)
    expect((await admin(['user', 'deactivate', 'eve@example.com', '--yes'])).exitCode).toBe(0)
    expect((await signIn()).status).toBe(401)
    expect((await admin(['user', 'activate', 'eve@example.com'])).exitCode).toBe(0)
    expect((await signIn()).status).toBe(200)
    const list = await admin(['user', 'list', '--json'])
    expect(list.json.users.map((user: any) => user.email)).toEqual([
      'admin@localhost',
      'analyst@example.com',
      'eve@example.com',
    ])
    expect((await admin(['user', 'delete', 'eve@example.com', '--yes'])).exitCode).toBe(0)
    expect((await signIn()).status).toBe(401)
  })

  it('takes a password that was typed twice alike, and shows none of it', async () => {
    const {server, admin} = await people()
    const set = (stdin: string) =>
      admin(['user', 'set-password', 'analyst@example.com'], {tty: true, stdin})
    const differ = await set('correct horse\rcorrect house\r')
    expect([differ.exitCode, differ.stderr]).toEqual([
      2,
      expect.stringContaining('The two passwords differ. Nothing was changed.'),
    ])
    expect(server.state.userByEmail('analyst@example.com')!.passwordHash).toBeNull()
    const empty = await set('\r')
    expect([empty.exitCode, empty.stderr]).toEqual([2, expect.stringContaining('empty')])
    const alike = await set('correct horse\rcorrect horse\r')
    expect(alike.exitCode, alike.stderr).toBe(0)
    expect(alike.stderr).toBe('New password of analyst@example.com: \nThe same again: \n')
    expect(server.state.userByEmail('analyst@example.com')!.passwordHash).not.toBeNull()
  })

  it('cannot shut out oneself or the last administrator', async () => {
    const {admin} = await people()
    for (const verb of ['deactivate', 'delete']) {
      const refused = await admin(['user', verb, 'admin@localhost', '--yes'])
      expect([verb, refused.exitCode]).toEqual([verb, 6])
      expect(refused.stderr).toMatch(/^Error: Cannot (deactivate|delete) yourself/)
    }
  })
})

describe('agnes admin table', () => {
  it('registers, changes and withdraws tables', async () => {
    const {admin} = await team()
    const made = await admin(['table', 'register', 'Web Sessions', '--source-type', 'local'], {
      tty: true,
    })
    expect(made.stdout).toContain('Let a group read it: agnes admin grant GROUP web_sessions')
    const twice = await admin(['table', 'register', 'Web Sessions', '--source-type', 'local'])
    expect([twice.exitCode, twice.stderr]).toEqual([
      6,
      expect.stringContaining("Table 'web_sessions' already registered"),
    ])
    const changed = await admin([
      'table',
      'update',
      'web_sessions',
      '--description',
      'Visits',
      '--json',
    ])
    expect(changed.json.updated).toEqual(['description'])
    expect((await admin(['table', 'update', 'web_sessions'])).exitCode).toBe(2)
    const list = await admin(['table', 'list', '--json'])
    expect(list.json.tables.find((table: any) => table.id === 'web_sessions').description).toBe(
      'Visits',
    )
    await admin(['table', 'update', 'web_sessions', '--clear', 'description'])
    expect((await admin(['table', 'unregister', 'web_sessions', '--yes'])).exitCode).toBe(0)
    const rest = await admin(['table', 'list'])
    expect(rest.stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
      'customers',
      'orders',
      '',
    ])
  })

  it('refuses what cannot work before it asks the server', async () => {
    const {admin} = await team()
    const mode = await admin([
      'table',
      'register',
      'x',
      '--source-type',
      'local',
      '--query-mode',
      'materialized',
    ])
    expect([mode.exitCode, mode.stderr]).toEqual([2, expect.stringContaining('needs --query')])
    const dry = await admin([
      'table',
      'register',
      'x',
      '--source-type',
      'local',
      '--dry-run',
      '--json',
    ])
    expect(dry.json).toMatchObject({changes: [], precheck: {name: 'x'}})
  })
})

describe('agnes admin sync, resource-types and audit', () => {
  it('starts a sync and tells when it is over', async () => {
    const {admin} = await people()
    expect((await admin(['sync', 'trigger', '--json'])).json).toMatchObject({
      status: 'triggered',
      tables: null,
    })
    await expect
      .poll(async () => (await admin(['sync', 'status', '--json'])).json.isRunning)
      .toBe(false)
    expect((await admin(['resource-types'])).stdout).toContain('table\tTables\t<table_id>\t')
  })

  it('shows who changed what, newest first, and pages through all of it', async () => {
    const {server, admin} = await people()
    for (let i = 0; i < 250; i++)
      await server.call('POST', '/api/admin/groups', {
        body: {name: `g${String(i).padStart(3, '0')}`},
      })
    const all = (await admin(['audit', '--json'])).json
    const made = all.entries.filter((entry: any) => entry.action === 'POST /api/admin/groups')
    expect(made).toHaveLength(250)
    expect(new Set(made.map((entry: any) => entry.other.detail)).size).toBe(250)
    expect(made[0]).toMatchObject({
      user: 'admin@localhost',
      result: '201',
      other: {detail: 'made group g249'},
    })
    const few = await admin(['audit', '--limit', '3', '--user', 'admin@localhost', '--since', '1h'])
    expect(few.stdout.trimEnd().split('\n')).toHaveLength(3)
  })
})

describe('every verb', () => {
  it('says of a token that AGNES_TOKEN holds where it comes from', async () => {
    const {server, admin} = await people()
    const refused = await admin(['group', 'list'], {token: 'wrong'})
    expect([refused.exitCode, refused.stderr]).toEqual([
      7,
      expect.stringContaining('The token comes from AGNES_TOKEN: put a valid one there, or unset'),
    ])
    expect(refused.stderr).toContain(`agnes auth login --server-url ${server.url}`)
  })

  it('is refused to somebody who is no administrator, by the server', async () => {
    const {server, admin} = await people()
    for (const words of [
      ['group', 'list'],
      ['user', 'list'],
      ['audit'],
      ['table', 'list'],
      ['grant'],
    ]) {
      const refused = await admin([...words, '--json'], {token: server.analystToken})
      expect([words, refused.exitCode, refused.json.error.message]).toEqual([
        words,
        8,
        'Admin access required',
      ])
    }
  })
})
