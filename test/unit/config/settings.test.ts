import {readdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {
  changeSetting,
  readRegistry,
  readSettings,
  registerWorkspace,
  saveServer,
} from '../../../src/lib/config/settings.js'
import {tempDir} from '../../support/temp-dir.js'

async function place(files: Record<string, string> = {}) {
  const root = await tempDir()
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const config = new NodeFiles(root, systemRandom)
  const lockAt = (at: string, path: string) => new FileLock(join(at, path), systemClock)
  return {
    config,
    folder: {config, lockAt},
    read: (name: string) => readFile(join(root, name), 'utf8'),
    root,
  }
}

describe('config.yaml', () => {
  it.each([
    ['server: https://a.example\n', 'https://a.example'],
    ['\uFEFFserver: "https://a.example" # note\r\nglobal_scope: true\r\n', 'https://a.example'],
    ['', undefined],
    ['# only a note\n', undefined],
    ['server: [1]\n', undefined],
    ['other: 1\n', undefined],
  ])('reads %j', async (text, server) => {
    const {config} = await place({'config.yaml': text})
    expect(await readSettings(config)).toEqual({server})
  })

  it('is made on the first save', async () => {
    const {folder, read} = await place()
    expect(await saveServer(folder, 'https://a.example')).toBe(true)
    expect(await read('config.yaml')).toBe('server: https://a.example\n')
  })

  it('keeps other keys and comments, and is not written again for nothing', async () => {
    const {folder, read, root} = await place({
      'config.yaml': '# mine\nworkspace_root: /x # here\nserver: https://old.example\n',
    })
    await saveServer(folder, 'https://new.example')
    expect(await read('config.yaml')).toBe(
      '# mine\nworkspace_root: /x # here\nserver: https://new.example\n',
    )
    const before = (await stat(join(root, 'config.yaml'), {bigint: true})).mtimeNs
    expect(await saveServer(folder, 'https://new.example')).toBe(false)
    expect((await stat(join(root, 'config.yaml'), {bigint: true})).mtimeNs).toBe(before)
  })

  it.each(['server: [\n', '- a\n- b\n', 'just text'])('refuses %j and keeps it', async (text) => {
    const {config, folder, read} = await place({'config.yaml': text})
    await expect(readSettings(config)).rejects.toMatchObject({
      code: 'settings_damaged',
      exitCode: 2,
    })
    await expect(saveServer(folder, 'https://a.example')).rejects.toMatchObject({
      code: 'settings_damaged',
    })
    expect(await read('config.yaml')).toBe(text)
  })
})

describe('changes at once', () => {
  it('of different keys are all kept', async () => {
    const {config, folder} = await place({'config.yaml': '# mine\nca: corp.pem\n'})
    await Promise.all([
      saveServer(folder, 'https://a.example'),
      changeSetting(folder, 'credential_store', () => 'file'),
    ])
    expect(await readSettings(config)).toEqual({
      server: 'https://a.example',
      credentialStore: 'file',
      ca: 'corp.pem',
    })
  })

  it('see one after the other what stands there', async () => {
    const {folder, read} = await place()
    const wrote = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        changeSetting(folder, 'server', (now) => now ?? `https://${name}.example`),
      ),
    )
    expect(wrote.filter(Boolean)).toEqual([true])
    expect(await read('config.yaml')).toMatch(/^server: https:\/\/[abc]\.example\n$/)
  })

  it('leave no lock where nothing changes', async () => {
    const {folder, root} = await place({'config.yaml': 'server: https://a.example\n'})
    expect(await saveServer(folder, 'https://a.example')).toBe(false)
    expect(await readdir(root)).toEqual(['config.yaml'])
  })
})

describe('workspaces.json', () => {
  const entry = (path: string, server = 'https://a.example') => ({
    path,
    server,
    createdAt: '2026-01-01T00:00:00Z',
  })

  it('keeps the newest last and one entry per folder', async () => {
    const {config} = await place()
    await registerWorkspace(config, entry('/a'))
    await registerWorkspace(config, entry('/b'))
    await registerWorkspace(config, entry('/a', 'https://b.example'))
    expect((await readRegistry(config)).map(({path, server}) => [path, server])).toEqual([
      ['/b', 'https://a.example'],
      ['/a', 'https://b.example'],
    ])
  })

  it('starts anew beside a damaged one', async () => {
    const {config, read} = await place({'workspaces.json': '{"format": 1'})
    expect(await readRegistry(config)).toEqual([])
    expect(await registerWorkspace(config, entry('/a'))).toEqual({
      keptDamaged: 'workspaces.json.damaged',
    })
    expect(await read('workspaces.json.damaged')).toBe('{"format": 1')
    expect(await readRegistry(config)).toHaveLength(1)
  })
})
