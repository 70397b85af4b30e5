import {existsSync} from 'node:fs'
import {readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {EMAIL, PASSWORD, signInAs, signInWorld} from '../support/sign-in-world.js'
import {startTestServer} from '../support/test-server.js'

const browser = (fields?: Record<string, string>) => ({
  async openBrowser(url: string) {
    await signInAs(url, fields)
    return true
  },
})

describe('agnes auth login by browser', () => {
  it('signs in, keeps the token to this user and makes the server the default', async () => {
    const {server, run, configDir} = await signInWorld()
    const {stdout, stderr, exitCode} = await run(['auth', 'login', '--server-url', server.url], {
      tty: true,
      ...browser(),
    })
    expect([exitCode, stderr.includes(`${server.url}/cli/auth/start?port=`)]).toEqual([0, true])
    expect(stdout).toMatch(new RegExp(`^Signed in as ${EMAIL} at ${server.url} until \\d{4}-`))
    const path = join(configDir, 'credentials.json')
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600')
    const {token} = JSON.parse(await readFile(path, 'utf8')).origins[server.url]
    expect(stdout + stderr).not.toContain(token)
    expect(await readFile(join(configDir, 'config.yaml'), 'utf8')).toContain(server.url)
    const row = [...server.state.all('tokens')].find(({scope}) => scope === 'cli-login')
    expect(row?.name).toMatch(/^Agnes CLI \(/)
  })

  it('answers in a pipe and as a document without the token', async () => {
    const {server, run} = await signInWorld()
    const piped = await run(['auth', 'login', '--server-url', server.url], browser())
    expect(piped.stdout.split('\t').slice(0, 3)).toEqual([server.url, EMAIL, 'file'])
    const {json} = await run(['auth', 'login', '--server-url', server.url, '--json'], browser())
    expect(Object.keys(json)).toEqual([
      ...['server', 'email', 'method', 'expiresAt', 'isSession', 'credentialStore', 'notes'],
    ])
    expect(json).toMatchObject({method: 'browser', isSession: false, credentialStore: 'file'})
  })

  it('prints the address and opens nothing with --no-browser', async () => {
    const {server, run} = await signInWorld()
    let opened = 0
    const openBrowser = async () => ++opened > 0
    const {exitCode, stderr, json} = await run(
      ['auth', 'login', '--server-url', server.url, '--no-browser', '--timeout', '1', '--json'],
      {openBrowser},
    )
    expect([opened, exitCode, json.error.code]).toEqual([0, 7, 'sign_in_timeout'])
    expect(stderr).toMatch(/^Open this address on this computer:\n\n {2}http:\/\/127/)
  })

  it('takes a token that is pasted instead', async () => {
    const {server, run} = await signInWorld()
    const {exitCode, json} = await run(
      ['auth', 'login', '--server-url', server.url, '--no-browser', '--json'],
      {tty: true, stdin: `${server.analystToken}\n`},
    )
    expect([exitCode, json.method, json.email]).toEqual([0, 'token', EMAIL])
  })

  it('says so when the person declines', async () => {
    const {server, run, configDir} = await signInWorld()
    const {exitCode, stderr} = await run(
      ['auth', 'login', '--server-url', server.url],
      browser({decision: 'deny'}),
    )
    expect([exitCode, existsSync(join(configDir, 'credentials.json'))]).toEqual([7, false])
    expect(stderr).toContain('declined in the browser')
  })

  it.each([301, 302, 307, 308])(
    'names a server that has moved (%d) and follows nothing',
    async (status) => {
      const {run, configDir} = await signInWorld()
      const there = await startTestServer()
      const here = await startTestServer()
      here.on('POST', '/cli/auth/exchange', () => ({
        status,
        headers: {location: `${there.origin}/cli/auth/exchange`},
      }))
      const {json, exitCode} = await run(['auth', 'login', '--server-url', here.origin, '--json'])
      expect([exitCode, json.error.code, json.error.details.target]).toEqual([
        ...[2, 'server_moved', there.origin],
      ])
      expect([there.requests.length, existsSync(join(configDir, 'config.yaml'))]).toEqual([
        0,
        false,
      ])
    },
  )
})

describe('agnes auth login by password', () => {
  it('trades the password for a token of its own', async () => {
    const {server, run} = await signInWorld()
    const {exitCode, json} = await run(
      ['auth', 'login', '--server-url', server.url, '--email', EMAIL, '--password-stdin', '--json'],
      {stdin: `${PASSWORD}\n`},
    )
    expect([exitCode, json.method, json.isSession]).toEqual([0, 'password', false])
    const whoami = await run(['auth', 'whoami', '--verify', '--json'])
    expect(whoami.json).toMatchObject({email: EMAIL, isVerified: true, tokenKind: 'personal'})
  })

  it('refuses a wrong password and keeps nothing', async () => {
    const {server, run, configDir} = await signInWorld()
    const {exitCode, json, stderr} = await run(
      ['auth', 'login', '--server-url', server.url, '--email', EMAIL, '--password-stdin', '--json'],
      {stdin: 'wrong password'},
    )
    expect([exitCode, json.error.code, stderr]).toEqual([7, 'sign_in_refused', ''])
    expect(existsSync(join(configDir, 'credentials.json'))).toBe(false)
  })

  it.each([
    [['--password-stdin'], 'email_required'],
    [['--email', EMAIL], 'password_required'],
  ])('names what is missing beside %j', async (flags, code) => {
    const {server, run} = await signInWorld()
    const {exitCode, json} = await run([
      ...['auth', 'login', '--server-url', server.url, '--json'],
      ...flags,
    ])
    expect([exitCode, json.error.code]).toEqual([2, code])
  })

  it('says without any server how to name one', async () => {
    const {run} = await signInWorld()
    const {exitCode, json} = await run(['auth', 'login', '--json'])
    expect([exitCode, json.error.code]).toEqual([2, 'no_server'])
    expect(json.error.hint).toContain('agnes auth login --server-url URL')
  })
})
