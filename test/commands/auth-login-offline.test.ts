import {chmod, readFile, writeFile} from 'node:fs/promises'
import {createServer, type AddressInfo} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {fakeToken} from '../support/fake-agnes.js'
import {EMAIL, PASSWORD, signInWorld, type SignInWorld} from '../support/sign-in-world.js'
import {startTestServer} from '../support/test-server.js'

/** An account that signed in long ago, at a server that answers or does not. */
async function expired(origin: string, {configDir}: SignInWorld): Promise<() => Promise<string>> {
  const token = fakeToken({email: EMAIL, exp: 1_750_000_000})
  const path = join(configDir, 'credentials.json')
  const text = JSON.stringify({format: 1, origins: {[origin]: {token, email: EMAIL}}})
  await writeFile(path, text, {mode: 0o600})
  await chmod(configDir, 0o700)
  return () => readFile(path, 'utf8')
}

async function closedPort(): Promise<string> {
  const server = await startTestServer()
  await server.close()
  return server.origin
}

async function otherProgram(): Promise<string> {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const withoutTls = async () => (await startTestServer()).origin.replace('http:', 'https:')

describe.each([
  ['is down', closedPort, 'nothing answers at that port', 'the server is down'],
  ['has no TLS', withoutTls, 'it does not speak TLS', 'begins with http://'],
  ['is another program', otherProgram, 'does not speak HTTP', 'Check the port'],
])('signing in again where the server %s', (_what, start, says, hint) => {
  it('says what is wrong, asks nothing, and keeps what is stored', async () => {
    const world = await signInWorld()
    const origin = await start()
    const stored = await expired(origin, world)
    const before = await stored()
    const opened: string[] = []
    const openBrowser = async (url: string) => opened.push(url) > 0
    const argv = ['auth', 'login', '--server-url', origin]
    for (const options of [{tty: true, openBrowser}, {openBrowser}]) {
      const {exitCode, stdout, stderr} = await world.run(argv, options)
      expect([exitCode, stdout]).toEqual([9, ''])
      expect(stderr).toMatch(/^Error: Cannot reach .*\nNext: .*\n$/)
      expect(stderr).toContain(says)
      expect(stderr).toContain(hint)
    }
    const {exitCode, json} = await world.run([...argv, '--json'])
    expect([exitCode, json.error]).toMatchObject([9, {code: 'unreachable', retryable: true}])
    expect([opened, await stored()]).toEqual([[], before])
  })
})

describe('signing in again with a token that has ended', () => {
  it('puts the new token in its place', async () => {
    const world = await signInWorld()
    const {url} = world.server
    const stored = await expired(url, world)
    const before = await stored()
    const refused = await world.run(['auth', 'whoami', '--verify', '--server', url])
    expect([refused.exitCode, refused.stderr]).toEqual([
      7,
      expect.stringContaining(`Next: Sign in again: agnes auth login --server-url ${url}`),
    ])
    const login = ['auth', 'login', '--server-url', url, '--email', EMAIL, '--password-stdin']
    expect((await world.run(login, {stdin: PASSWORD})).exitCode).toBe(0)
    expect(await stored()).not.toBe(before)
    const {json} = await world.run(['auth', 'whoami', '--verify', '--server', url, '--json'])
    expect(json).toMatchObject({isVerified: true, isExpired: false, email: EMAIL})
  })
})
