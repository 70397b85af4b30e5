import {chmod, mkdir, readdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {environmentSecretStore} from '../../src/lib/adapters/environment-secret-store.js'
import {FileLock} from '../../src/lib/adapters/file-lock.js'
import {FileSecretStore} from '../../src/lib/adapters/file-secret-store.js'
import {keytarCommand, OsKeychain} from '../../src/lib/adapters/os-keychain.js'
import {legacyTokenStore} from '../../src/lib/adapters/legacy-token-store.js'
import {NodeFiles, type FileFaults} from '../../src/lib/adapters/node-files.js'
import {nodeFolders} from '../../src/lib/adapters/node-folders.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import type {SecretStore} from '../../src/lib/ports/secret-store.js'
import {fakeKeychain} from '../support/fake-keychain.js'
import {MemorySecretStore} from '../support/memory-secret-store.js'
import {tempDir} from '../support/temp-dir.js'

const A = 'https://a.example'
const B = 'https://a.example:8443'
const secret = {token: 'token-a', email: 'ana@example.com'}

function fileStore(root: string, faults?: FileFaults): FileSecretStore {
  const files = new NodeFiles(root, systemRandom, faults)
  const lock = new FileLock(files.absolute('credentials.lock'), systemClock, 0o700)
  return new FileSecretStore(files, nodeFolders.modeOf, lock)
}

/** How long a keychain may think is the business of os-keychain.test.ts: a slow computer decides nothing here. */
const UNHURRIED = {limitMs: 60_000}

interface Subject {
  name: string
  make: () => Promise<SecretStore>
}

const writable: Subject[] = [
  {name: 'MemorySecretStore', make: async () => new MemorySecretStore()},
  {name: 'FileSecretStore', make: async () => fileStore(join(await tempDir(), 'config'))},
  {
    name: 'OsKeychain over a keychain process',
    make: async () => new OsKeychain(await fakeKeychain('works'), systemClock, UNHURRIED),
  },
  // keychain.e2e.test.ts runs this file where a real one is unlocked.
  ...(process.env.AGNES_TEST_KEYCHAIN === 'unlocked'
    ? [{name: 'the keychain of this session', make: realKeychain}]
    : []),
]

async function realKeychain(): Promise<SecretStore> {
  const command = keytarCommand()
  if (!command) throw new Error('keytar is not installed')
  const service = `agnes-test-${systemRandom.hex(8)}`
  return new OsKeychain(command, systemClock, {...UNHURRIED, service})
}

/** Stores that hold `secret.token` for A and cannot be changed. */
const readOnly: Subject[] = [
  {
    name: 'environmentSecretStore',
    make: async () => environmentSecretStore(secret.token, async (origin) => origin === A),
  },
  {
    name: 'legacyTokenStore',
    make: async () => {
      const root = await tempDir()
      const text = JSON.stringify({access_token: secret.token, email: '', role: 'analyst'})
      await writeFile(join(root, 'token.json'), text)
      return legacyTokenStore(new NodeFiles(root, systemRandom), async () => A)
    },
  },
]

describe.each(writable)('$name', ({make}) => {
  it('holds one secret per origin', async () => {
    const store = await make()
    expect(await store.get(A)).toBeUndefined()
    await store.set(A, secret)
    await store.set(B, {token: 'token-b', email: ''})
    expect(await store.get(A)).toEqual(secret)
    expect(await store.get(B)).toEqual({token: 'token-b', email: ''})
  })

  it.each([
    'http://a.example',
    'https://a.example:1',
    'https://b.a.example',
    '__proto__',
    'constructor',
    '',
  ])('hands nothing to %j', async (origin) => {
    const store = await make()
    await store.set(A, secret)
    expect(await store.get(origin)).toBeUndefined()
  })

  it('replaces, and deletes once', async () => {
    const store = await make()
    await store.set(A, secret)
    await store.set(A, {token: 'new', email: ''})
    expect(await store.get(A)).toEqual({token: 'new', email: ''})
    expect(await store.delete(B)).toBe(false)
    expect(await store.delete(A)).toBe(true)
    expect(await store.delete(A)).toBe(false)
    expect(await store.get(A)).toBeUndefined()
  })

  it('loses nothing to writers at the same time', async () => {
    const store = await make()
    const origins = Array.from({length: 12}, (_, index) => `https://s${index}.example`)
    await Promise.all(origins.map((origin) => store.set(origin, {token: origin, email: ''})))
    for (const origin of origins) expect((await store.get(origin))?.token).toBe(origin)
  })
})

describe.each(readOnly)('$name', ({make}) => {
  it('has its token for its own server', async () => {
    expect(await (await make()).get(A)).toEqual({token: secret.token, email: ''})
  })

  it.each([B, 'http://a.example', 'https://b.example', ''])(
    'hands nothing to %j',
    async (origin) => {
      expect(await (await make()).get(origin)).toBeUndefined()
    },
  )

  it('says that it is read-only, and refuses to be changed', async () => {
    const store = await make()
    expect(store.isReadOnly).toBe(true)
    await expect(store.set(A, secret)).rejects.toMatchObject({code: 'read_only_credentials'})
    await expect(store.delete(A)).rejects.toMatchObject({code: 'read_only_credentials'})
  })
})

describe('FileSecretStore on disk', () => {
  async function place() {
    const root = join(await tempDir(), 'config')
    return {root, store: fileStore(root), path: join(root, 'credentials.json')}
  }
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

  it('keeps the file and a folder it makes to this user', async () => {
    const {root, store, path} = await place()
    await store.set(A, secret)
    expect([await modeOf(root), await modeOf(path)]).toEqual(['700', '600'])
  })

  it.each([0o640, 0o604, 0o666])('refuses a file of mode %o', async (mode) => {
    const {store, path} = await place()
    await store.set(A, secret)
    await chmod(path, mode)
    await expect(store.get(A)).rejects.toMatchObject({code: 'credentials_exposed', exitCode: 2})
    await expect(store.set(B, secret)).rejects.toMatchObject({code: 'credentials_exposed'})
    expect(await readFile(path, 'utf8')).toContain(secret.token)
  })

  it.each(['', '{', '[]', '{"format":2,"origins":{}}', '{"format":1,"origins":{"x":{"token":1}}}'])(
    'refuses the damaged file %j and keeps it',
    async (text) => {
      const {root, store, path} = await place()
      await mkdir(root, {recursive: true})
      await writeFile(path, text, {mode: 0o600})
      await expect(store.get(A)).rejects.toMatchObject({code: 'credentials_damaged', exitCode: 2})
      await expect(store.set(A, secret)).rejects.toMatchObject({code: 'credentials_damaged'})
      expect(await readFile(path, 'utf8')).toBe(text)
    },
  )

  it('keeps the old file when a write breaks off, and no copy of the token beside it', async () => {
    const {root, store} = await place()
    await store.set(A, secret)
    const cut = () => {
      throw new Error('cut')
    }
    const broken = fileStore(root, {beforeRename: cut})
    await expect(broken.set(A, {token: 'new', email: ''})).rejects.toThrow('cut')
    expect(await store.get(A)).toEqual(secret)
    expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('loses nothing to writers in separate stores', async () => {
    const {root, store} = await place()
    const origins = Array.from({length: 8}, (_, index) => `https://s${index}.example`)
    await Promise.all(
      origins.map((origin) => fileStore(root).set(origin, {token: origin, email: ''})),
    )
    for (const origin of origins) expect((await store.get(origin))?.token).toBe(origin)
  })
})

describe('legacyTokenStore on disk', () => {
  it.each([
    ['no file', undefined],
    ['a file without a token', '{"email": "x"}'],
    ['an empty token', '{"access_token": ""}'],
  ])('has nothing from %s', async (_name, text) => {
    const root = await tempDir()
    if (text !== undefined) await writeFile(join(root, 'token.json'), text)
    const store = legacyTokenStore(new NodeFiles(root, systemRandom), async () => A)
    expect(await store.get(A)).toBeUndefined()
  })

  it('reports a damaged file', async () => {
    const root = await tempDir()
    await writeFile(join(root, 'token.json'), '{"access_token"')
    const store = legacyTokenStore(new NodeFiles(root, systemRandom), async () => A)
    await expect(store.get(A)).rejects.toMatchObject({code: 'credentials_damaged', exitCode: 2})
  })
})
