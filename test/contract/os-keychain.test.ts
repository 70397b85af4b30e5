import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {keytarCommand, OsKeychain} from '../../src/lib/adapters/os-keychain.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {fakeKeychain, type KeychainMood} from '../support/fake-keychain.js'
import {FakeClock} from '../support/fake-clock.js'
import {EMAIL, signInAs, signInWorld} from '../support/sign-in-world.js'

const A = 'https://a.example'
const secret = {token: 'token-a', email: ''}
const moods: KeychainMood[] = [
  ...(['hangs', 'locked', 'ends without a word', 'answers nonsense', 'never reads'] as const),
]
const unavailable = {code: 'keychain_unavailable', exitCode: 7}

describe('OsKeychain', () => {
  it.each(moods)('gives a keychain up that %s, within its limit', async (mood) => {
    const started = performance.now()
    const keychain = new OsKeychain(await fakeKeychain(mood), systemClock, {limitMs: 400})
    await expect(keychain.probe()).rejects.toMatchObject(unavailable)
    await expect(keychain.get(A)).rejects.toMatchObject(unavailable)
    await expect(keychain.set(A, secret)).rejects.toMatchObject(unavailable)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('is not fooled by a locked keychain that finds nothing without being unlocked', async () => {
    const command = await fakeKeychain('locked when written')
    const keychain = new OsKeychain(command, systemClock, {limitMs: 60_000})
    expect(await keychain.get(A)).toBeUndefined()
    await expect(keychain.probe()).rejects.toMatchObject(unavailable)
  })

  it('waits three seconds and no longer', async () => {
    const clock = new FakeClock()
    const keychain = new OsKeychain(await fakeKeychain('hangs'), clock)
    let isOver = false
    const asked = keychain
      .get(A)
      .catch((error: unknown) => error)
      .finally(() => (isOver = true))
    while (clock.waiting === 0 && !isOver) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(3000)
    expect(await asked).toMatchObject({...unavailable, message: expect.stringContaining('3 s')})
  })

  it('names a program that is not there', async () => {
    const keychain = new OsKeychain({program: '/nowhere/at/all', args: []}, systemClock)
    await expect(keychain.get(A)).rejects.toMatchObject(unavailable)
  })

  it.runIf(keytarCommand() !== undefined && process.env.AGNES_TEST_KEYCHAIN === undefined)(
    'tells that there is none where keytar reaches nothing',
    async () => {
      const {program, args} = keytarCommand()!
      const alone = {program: '/usr/bin/env', args: ['-i', program, ...args]}
      await expect(new OsKeychain(alone, systemClock).probe()).rejects.toMatchObject(unavailable)
    },
  )

  it.runIf(process.env.AGNES_TEST_KEYCHAIN === 'locked')(
    'gives the keychain of this session up while it is locked',
    async () => {
      const started = performance.now()
      const keychain = new OsKeychain(keytarCommand()!, systemClock)
      await expect(keychain.probe()).rejects.toMatchObject(unavailable)
      expect(performance.now() - started).toBeLessThan(5000)
    },
  )
})

describe('signing in with a keychain', () => {
  const openBrowser = async (url: string) => (await signInAs(url)).ok
  const login = ['auth', 'login', '--json', '--server-url']

  async function world(mood: KeychainMood) {
    const made = await signInWorld()
    // Only for one that never answers is it a matter of time.
    const limitMs = mood === 'hangs' ? 2000 : 60_000
    const keychain = new OsKeychain(await fakeKeychain(mood), systemClock, {limitMs})
    const withKeychain = {keychain, openBrowser}
    const file = (name: string) => readFile(join(made.configDir, name), 'utf8').catch(() => null)
    return {...made, withKeychain, file}
  }

  it('keeps the token there alone, remembers it, and forgets it on logout', async () => {
    const {server, run, withKeychain, file} = await world('works')
    const {json} = await run([...login, server.url], withKeychain)
    expect([json.credentialStore, json.warnings]).toEqual(['keychain', undefined])
    expect(await file('config.yaml')).toContain('credential_store: keychain')
    expect(await file('credentials.json')).toBeNull()
    const whoami = await run(['auth', 'whoami', '--verify', '--json'], withKeychain)
    expect(whoami.json).toMatchObject({email: EMAIL, source: 'keychain', isVerified: true})
    const logout = await run(['auth', 'logout', '--json'], withKeychain)
    expect(logout.json).toMatchObject({isRevoked: true, forgotten: ['keychain']})
    const gone = await run(['auth', 'whoami', '--json'], withKeychain)
    expect([gone.exitCode, gone.json.error.code]).toEqual([7, 'not_signed_in'])
  })

  it.each(['hangs', 'locked', 'ends without a word'] as const)(
    'keeps the token in the file when the keychain %s, says so once and asks it no more',
    async (mood) => {
      const {server, run, withKeychain, file} = await world(mood)
      const first = await run([...login, server.url], withKeychain)
      expect([first.exitCode, first.json.credentialStore]).toEqual([0, 'file'])
      expect(first.json.warnings[0]).toMatch(/^The keychain of this computer .* in a file/)
      expect(await file('config.yaml')).toContain('credential_store: file')
      const again = await run([...login, server.url], withKeychain)
      expect([again.json.credentialStore, again.json.warnings]).toEqual(['file', undefined])
      const whoami = await run(['auth', 'whoami', '--json'], withKeychain)
      expect(whoami.json).toMatchObject({source: 'file', email: EMAIL})
    },
  )

  it('does not fall back when the keychain is insisted on', async () => {
    const {server, run, withKeychain, file} = await world('locked')
    const {exitCode, json} = await run([...login, server.url, '--store', 'keychain'], withKeychain)
    expect([exitCode, json.error.code]).toEqual([7, 'keychain_unavailable'])
    expect(await file('credentials.json')).toBeNull()
  })

  it('names the keychain, not a missing sign-in, when it stops answering later', async () => {
    const {server, run, withKeychain} = await world('works')
    await run([...login, server.url], withKeychain)
    const keychain = new OsKeychain(await fakeKeychain('locked'), systemClock)
    const {exitCode, json} = await run(['auth', 'whoami', '--json'], {keychain})
    expect([exitCode, json.error.code]).toEqual([7, 'keychain_unavailable'])
    const token = server.adminToken
    const env = {AGNES_TOKEN: token, AGNES_SERVER: server.url}
    const other = await run(['auth', 'whoami', '--json'], {keychain, env})
    expect(other.json).toMatchObject({source: 'environment', email: 'admin@localhost'})
  })
})
