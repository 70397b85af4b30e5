import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {EMAIL, PASSWORD, signInWorld, type SignInWorld} from '../support/sign-in-world.js'

/** The account, signed in as the analyst. */
async function signedIn(): Promise<SignInWorld & {env: Record<string, string>}> {
  const world = await signInWorld()
  const argv = ['auth', 'import-token', '--server-url', world.server.url, '--token-stdin']
  const {exitCode} = await world.run(argv, {stdin: world.server.analystToken})
  expect(exitCode).toBe(0)
  return {...world, env: {AGNES_SERVER: world.server.url}}
}

describe('agnes auth import-token', () => {
  it.each([
    ['standard input', ['--token-stdin'], true],
    ['a file', ['--token-file', 'token.txt'], true],
    ['the command line, with a warning', ['--token'], false],
  ])('takes a token from %s', async (_name, flags, isQuietAboutIt) => {
    const {server, run, configDir} = await signInWorld()
    await writeFile(join(configDir, 'token.txt'), `\uFEFFBearer ${server.analystToken}\r\n`)
    const argv = ['auth', 'import-token', '--server-url', server.url, ...flags]
    const {exitCode, stdout, stderr} = await run(
      flags[0] === '--token' ? [...argv, server.analystToken] : argv,
      {stdin: server.analystToken, currentDir: configDir},
    )
    expect([exitCode, stdout.split('\t').slice(0, 3)]).toEqual([0, [server.url, EMAIL, 'file']])
    expect(stderr.includes('list of processes')).toBe(!isQuietAboutIt)
    expect(stdout + stderr).not.toContain(server.analystToken)
  })

  it('asks a person on a terminal', async () => {
    const {server, run} = await signInWorld()
    const {exitCode, stdout, stderr} = await run(
      ['auth', 'import-token', '--server-url', server.url],
      {tty: true, stdin: `${server.analystToken}\n`},
    )
    expect([exitCode, stdout.startsWith(`Signed in as ${EMAIL}`)]).toEqual([0, true])
    expect(stderr).toContain('(it is not shown)')
  })

  it('keeps nothing of a token the server refuses', async () => {
    const {server, run} = await signInWorld()
    const {exitCode, json} = await run(
      ['auth', 'import-token', '--server-url', server.url, '--token-stdin', '--json'],
      {stdin: 'not-a-token'},
    )
    expect([exitCode, json.error.code]).toEqual([7, 'not_signed_in'])
    expect((await run(['auth', 'whoami', '--json'])).json.error.code).toBe('no_server')
  })

  it('names the flags where nobody can be asked', async () => {
    const {server, run} = await signInWorld()
    const {exitCode, json} = await run([
      ...['auth', 'import-token', '--server-url', server.url, '--json'],
    ])
    expect([exitCode, json.error.code]).toEqual([7, 'no_token'])
    expect(json.error.hint).toContain('--token-stdin')
  })
})

describe('agnes auth whoami', () => {
  it('reads what is here without asking the server', async () => {
    const {server, run} = await signedIn()
    await server.close()
    const {exitCode, stdout} = await run(['auth', 'whoami'], {tty: true})
    expect([exitCode, stdout.split('\n').slice(0, 2)]).toEqual([
      0,
      [`Server   ${server.url}`, `User     ${EMAIL}`],
    ])
    const piped = await run(['auth', 'whoami'])
    expect(piped.stdout).toContain(`source\tfile\n`)
  })

  it('tells with --verify what the server says, and fails when it refuses', async () => {
    const {server, run} = await signedIn()
    await server.grant('orders')
    const verified = await run(['auth', 'whoami', '--verify', '--json'])
    expect(verified.json).toMatchObject({
      ...{isVerified: true, groups: ['analysts'], isAdmin: false, tokenName: 'test'},
      ...{source: 'file', tokenKind: 'personal', isExpired: false, email: EMAIL},
    })
    const [row] = [...server.state.all('tokens')].filter(({name}) => name === 'test')
    await server.call('DELETE', `/auth/admin/tokens/${row?.id}`)
    const {exitCode, json} = await run(['auth', 'whoami', '--verify', '--json'])
    expect([exitCode, json.error.code]).toEqual([7, 'not_signed_in'])
    expect(json.error.message).toContain('Token revoked')
  })

  it('prefers AGNES_TOKEN, and does not send it to a server nobody chose', async () => {
    const {server, run} = await signedIn()
    const env = {AGNES_TOKEN: server.adminToken}
    const chosen = await run(['auth', 'whoami', '--json'], {env})
    expect(chosen.json).toMatchObject({source: 'environment', email: 'admin@localhost'})
    const stranger = await run(
      ['auth', 'whoami', '--json', '--server', 'https://stranger.example'],
      {env},
    )
    expect([stranger.exitCode, stranger.json.error.message]).toMatchObject([
      ...[7, expect.stringContaining('AGNES_TOKEN was not sent')],
    ])
  })
})

describe('agnes auth logout', () => {
  it('revokes on the server, then forgets', async () => {
    const {server, run, env} = await signedIn()
    const {exitCode, stdout} = await run(['auth', 'logout'], {tty: true})
    expect([exitCode, stdout]).toEqual([
      ...[0, `Signed out: the token is revoked at ${server.url}, and forgotten here.\n`],
    ])
    const used = await server.call('GET', '/auth/tokens', {token: server.analystToken})
    expect([used.status, used.body.detail]).toEqual([401, 'Token revoked'])
    expect((await run(['auth', 'whoami', '--json'], {env})).json.error.code).toBe('not_signed_in')
    const again = await run(['auth', 'logout'], {tty: true, env})
    expect([again.exitCode, again.stdout]).toEqual([
      0,
      `You were not signed in at ${server.url}.\n`,
    ])
  })

  it('forgets nothing while the server cannot be asked, unless told to', async () => {
    const {server, run} = await signedIn()
    await server.close()
    const {exitCode, json} = await run(['auth', 'logout', '--json'])
    expect([exitCode, json.error.hint.includes('agnes auth logout --local')]).toEqual([9, true])
    expect((await run(['auth', 'whoami', '--json'])).json.email).toBe(EMAIL)
    const local = await run(['auth', 'logout', '--local', '--json'])
    expect(local.json).toMatchObject({isRevoked: false, forgotten: ['file']})
    expect(local.json.warnings[0]).toContain('stays valid')
  })

  it('leaves no stored token valid where AGNES_TOKEN is in use', async () => {
    const {server, run} = await signedIn()
    const env = {AGNES_TOKEN: server.adminToken, AGNES_SERVER: server.url}
    const {json} = await run(['auth', 'logout', '--json'], {env})
    expect(json).toMatchObject({isRevoked: true, forgotten: ['file'], remaining: ['environment']})
    for (const token of [server.adminToken, server.analystToken])
      expect((await server.call('GET', '/auth/tokens', {token})).status).toBe(401)
  })

  it('says that AGNES_TOKEN is still set', async () => {
    const {server, run} = await signInWorld()
    const env = {AGNES_TOKEN: server.analystToken, AGNES_SERVER: server.url}
    const {json} = await run(['auth', 'logout', '--json'], {env})
    expect(json).toMatchObject({isRevoked: true, forgotten: [], remaining: ['environment']})
    expect(json.warnings).toEqual(['AGNES_TOKEN is still set: unset it, too.'])
  })
})

describe('agnes auth token', () => {
  const create = ['auth', 'token', 'create', 'job', '--email', EMAIL, '--password-stdin']

  it('makes a token that works, and prints nothing else in a pipe', async () => {
    const {server, run} = await signedIn()
    const {exitCode, stdout} = await run([...create, '--ttl', '30d'], {stdin: PASSWORD})
    const answer = await server.call('GET', '/auth/tokens', {token: stdout.trim()})
    expect([exitCode, answer.status]).toEqual([0, 200])
    const shown = await run(create, {tty: true, stdin: `${PASSWORD}`})
    expect(shown.stdout).toMatch(/^Token "job" \([\w-]+\) expires on \d{4}-\d\d-\d\d\. It is shown/)
    const {json} = await run([...create, '--ttl', 'never', '--json'], {stdin: PASSWORD})
    expect(Object.keys(json)).toEqual(['server', 'id', 'name', 'token', 'expiresAt'])
    expect(json.expiresAt).toBeNull()
  })

  it('lists tokens with their state, in a pipe by tabs', async () => {
    const {run} = await signedIn()
    await run(create, {stdin: PASSWORD})
    await run(['auth', 'token', 'revoke', 'job'])
    const {stdout} = await run(['auth', 'token', 'list'])
    const states = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').slice(1, 3))
    expect(states.sort()).toEqual([
      ['job', 'revoked'],
      ['test', 'active'],
    ])
    const terminal = await run(['auth', 'token', 'list'], {tty: true})
    expect(terminal.stdout).toContain('test (this one)')
  })

  it('revokes by name, by id and by the beginning of an id, at once', async () => {
    const {server, run} = await signedIn()
    for (const pick of ['name', 'id', 'prefix'] as const) {
      const {json} = await run([...create, '--json'], {stdin: PASSWORD})
      const reference = {name: 'job', id: json.id, prefix: json.id.slice(0, 8)}[pick]
      const revoked = await run(['auth', 'token', 'revoke', reference, '--json'])
      expect(revoked.json).toMatchObject({
        wasRevoked: false,
        token: {id: json.id, state: 'revoked'},
      })
      expect((await server.call('GET', '/auth/tokens', {token: json.token})).status).toBe(401)
    }
  })

  it('refuses a name that several tokens have, and one that none has', async () => {
    const {run} = await signedIn()
    await run(create, {stdin: PASSWORD})
    await run(create, {stdin: PASSWORD})
    const several = await run(['auth', 'token', 'revoke', 'job', '--json'])
    expect([several.exitCode, several.json.error.code]).toEqual([6, 'ambiguous_token'])
    expect(several.json.error.details.candidates).toHaveLength(2)
    const none = await run(['auth', 'token', 'revoke', 'nothing', '--json'])
    expect([none.exitCode, none.json.error.code]).toEqual([4, 'token_not_found'])
  })

  it.each(['0d', '3651d', '90', '1h', ''])('refuses the lifetime %j', async (ttl) => {
    const {run} = await signedIn()
    const {exitCode, json} = await run([...create, '--ttl', ttl, '--json'], {stdin: PASSWORD})
    expect([exitCode, json.error.code]).toEqual([2, 'bad_lifetime'])
  })
})
