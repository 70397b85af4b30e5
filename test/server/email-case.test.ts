import {describe, expect, it} from 'vitest'
import {adminOf} from '../support/admin-runs.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {noData} from '../support/folder-store.js'
import {EMAIL, PASSWORD, setPassword, signInWorld} from '../support/sign-in-world.js'
import {tempDir} from '../support/temp-dir.js'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

const AT = '2026-01-31T12:00:00.000000'
const OTHER_CASE = 'Analyst@Example.COM'
/** Written by an older server, which took both for different people. */
async function addTwin({state}: EmbeddedServer, email: string): Promise<void> {
  const row = {id: `id-${email}`, email, name: email, active: true, passwordHash: null}
  await state.update(() => ({
    changes: [{put: 'users', row: {...row, createdAt: AT, deactivatedAt: null}}],
    result: undefined,
  }))
}

describe('the same e-mail in another case', () => {
  it('signs in by password and on the page, as the person it is', async () => {
    const {server, run} = await signInWorld({openData: noData})
    const body = {email: OTHER_CASE, password: PASSWORD}
    for (const path of ['/auth/token', '/auth/password/login']) {
      const answer = await server.call('POST', path, {token: null, body})
      expect([answer.status, answer.body.email]).toEqual([200, EMAIL])
    }
    const login = ['auth', 'login', '--server-url', server.url, '--json']
    const given = await run([...login, '--email', OTHER_CASE, '--password-stdin'], {
      stdin: PASSWORD,
    })
    expect([given.exitCode, given.json.email]).toEqual([0, EMAIL])
    const answers = ['wrong', PASSWORD].map(async (password) => {
      const fields = {port: '65535', state: 'x'.repeat(24), email: OTHER_CASE, password}
      const form = {method: 'POST', body: new URLSearchParams(fields), redirect: 'manual'} as const
      return (await fetch(`${server.url}/cli/auth/start`, form)).status
    })
    expect(await Promise.all(answers)).toEqual([401, 303])
  })

  it('is no new user, with the words of the contract', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const body = {email: ` ${OTHER_CASE}`, name: 'Again'}
    const refused = await server.call('POST', '/api/users', {body})
    expect([refused.status, refused.body]).toEqual([
      409,
      {detail: 'User with this email already exists'},
    ])
    const run = await (await adminOf(server))(['user', 'create', OTHER_CASE, '--json'])
    expect([run.exitCode, run.json.error.message]).toEqual([
      6,
      'User with this email already exists',
    ])
    expect(server.state.count('users')).toBe(2)
  })

  it('is the member it names, and told as the server has it', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const admin = await adminOf(server)
    await admin(['group', 'create', 'sales'])
    for (const isNew of [true, false]) {
      const {json} = await admin(['group', 'add-member', 'sales', OTHER_CASE, '--json'])
      expect(json.changes).toMatchObject([{id: 'analyst-0000', name: EMAIL, isNew}])
    }
    const removed = await admin(['group', 'remove-member', 'sales', OTHER_CASE, '--yes', '--json'])
    expect(removed.json.changes).toMatchObject([{id: 'analyst-0000', name: EMAIL}])
  })

  it('is one person in access as code', async () => {
    const server = await startEmbeddedServer({openData: noData})
    const [admin, home] = [await adminOf(server), await tempDir()]
    const apply = async (file: object) => {
      await writeFile(join(home, 'access.yaml'), JSON.stringify(file))
      return admin(['apply', 'access.yaml', '--yes', '--json'], {currentDir: home})
    }
    const sales = {sales: {members: [OTHER_CASE.toUpperCase()]}}
    const {exitCode} = await apply({users: {[OTHER_CASE]: {name: 'Ann'}}, groups: sales})
    expect([exitCode, server.state.count('users')]).toEqual([0, 2])
    expect(server.state.userByEmail(EMAIL)?.name).toBe('Ann')
    for (const users of [
      {[EMAIL]: null, [OTHER_CASE]: null},
      {'new@example.com': null, 'New@example.com': null},
    ]) {
      const refused = await apply({users})
      expect([refused.exitCode, refused.json.error.code]).toEqual([2, 'invalid_access_file'])
      expect(refused.json.error.message).toContain('the same person as on line 1')
    }
  })
})

describe('two people whose e-mails differ in case alone, from before', () => {
  it('both stay, an exact address names one of them, any other neither', async () => {
    const server = await startEmbeddedServer({openData: noData})
    await addTwin(server, OTHER_CASE)
    await setPassword(server, EMAIL, PASSWORD)
    await setPassword(server, OTHER_CASE, `${PASSWORD} 2`)
    const signIn = async (email: string, password: string) => {
      const {status, body} = await server.call('POST', '/auth/token', {
        ...{token: null, body: {email, password}},
      })
      return [status, body.email ?? body.detail]
    }
    expect(await signIn(EMAIL, PASSWORD)).toEqual([200, EMAIL])
    expect(await signIn(OTHER_CASE, `${PASSWORD} 2`)).toEqual([200, OTHER_CASE])
    expect(await signIn(OTHER_CASE, PASSWORD)).toEqual([401, 'Invalid password'])
    expect(await signIn(EMAIL.toUpperCase(), PASSWORD)).toEqual([401, 'User not found'])
    const third = {body: {email: EMAIL.toUpperCase(), name: 'Third'}}
    expect((await server.call('POST', '/api/users', third)).status).toBe(409)

    const [admin, home] = [await adminOf(server), await tempDir()]
    const {stdout} = await admin(['export'])
    await writeFile(join(home, 'access.yaml'), stdout)
    const plan = await admin(['plan', 'access.yaml', '--prune', '--json'], {currentDir: home})
    expect(plan.json.actions).toEqual([])
    await admin(['group', 'create', 'sales'])
    const added = await admin(['group', 'add-member', 'sales', OTHER_CASE, '--json'])
    expect(added.json.changes).toMatchObject([{id: `id-${OTHER_CASE}`, name: OTHER_CASE}])
    await admin(['user', 'delete', OTHER_CASE, '--yes'])
    expect(server.state.userByEmail(OTHER_CASE)?.id).toBe('analyst-0000')
  })
})
