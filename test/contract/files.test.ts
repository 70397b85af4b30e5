import {createHash} from 'node:crypto'
import {chmod, mkdir, readdir, readFile, stat, symlink, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {NodeFiles, type FileFaults} from '../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {MissingError, TooLargeError, UnexpectedError, UsageError} from '../../src/lib/errors.js'
import {tempDir} from '../support/temp-dir.js'

async function filesIn(faults?: FileFaults) {
  const root = join(await tempDir(), 'root')
  return {root, files: new NodeFiles(root, systemRandom, faults)}
}

function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), {code})
}

describe('Files', () => {
  it.each(['../x', 'a/../../x', '/etc/passwd', '..', 'a\0b'])(
    'refuses to leave its root by %j',
    async (path) => {
      const {files} = await filesIn()
      expect(() => files.absolute(path)).toThrow(UnexpectedError)
      await expect(files.stat(path)).rejects.toBeInstanceOf(UnexpectedError)
    },
  )

  it('accepts names that only look like the parent folder', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('..data/...x', 'y')
    expect(await files.readText('..data/...x')).toBe('y')
  })

  it('creates nothing until the first write', async () => {
    const {root, files} = await filesIn()
    expect(await files.list('')).toEqual([])
    expect(await files.readText('a/b')).toBeUndefined()
    expect(await files.stat('a')).toBeUndefined()
    await files.remove('a')
    expect(await files.freeBytes()).toBeGreaterThan(0)
    await expect(stat(root)).rejects.toThrow('ENOENT')
  })

  it('treats a path below a file as absent', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('a', '1')
    expect(await files.stat('a/b')).toBeUndefined()
    expect(await files.readText('a/b')).toBeUndefined()
    expect(await files.list('a/b')).toEqual([])
    await files.remove('a/b')
  })

  it('lists names in order and tells files from folders', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('d/b', '22')
    await files.writeAtomic('d/a', '1')
    expect(await files.list('d')).toEqual(['a', 'b'])
    expect([...(await files.entries('d'))]).toEqual([
      ['a', 'file'],
      ['b', 'file'],
    ])
    expect(await files.stat('d')).toMatchObject({isDirectory: true})
    const facts = await files.stat('d/b')
    expect(facts).toMatchObject({sizeBytes: 2, isDirectory: false})
    expect(Number.isInteger(facts?.mtimeMs)).toBe(true)
  })

  it('never removes the root itself', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('a', '1')
    await expect(files.remove('')).rejects.toBeInstanceOf(UnexpectedError)
    await files.remove('a')
    expect(await files.list('')).toEqual([])
  })

  it('hashes a file and says which one is missing', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('a', 'hello')
    expect(await files.md5('a')).toBe(createHash('md5').update('hello').digest('hex'))
    await expect(files.md5('b')).rejects.toMatchObject({code: 'file_missing', details: {path: 'b'}})
    await expect(files.md5('a', AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
  })
})

describe('Files.writeAtomic', () => {
  it.each([{isDurable: true}, {isDurable: false}])(
    'replaces the whole file (%j)',
    async (options) => {
      const {root, files} = await filesIn()
      await files.writeAtomic('x', 'long old text', options)
      await files.writeAtomic('x', new Uint8Array([1, 2]), options)
      expect([...(await readFile(join(root, 'x')))]).toEqual([1, 2])
      expect(await readdir(root)).toEqual(['x'])
    },
  )

  it.each(['beforeWrite', 'beforeRename'] as const)(
    'keeps the old file when the disk fails at %s',
    async (point) => {
      let isBroken = false
      const {root, files} = await filesIn({
        [point]: () => {
          if (isBroken) throw errno('ENOSPC')
        },
      })
      await files.writeAtomic('x', 'old')
      isBroken = true
      const failure = await files.writeAtomic('x', 'new').catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(TooLargeError)
      expect(failure).toMatchObject({code: 'disk_full', exitCode: 14})
      expect(await files.readText('x')).toBe('old')
      expect(await readdir(root)).toEqual(['x'])
    },
  )

  it('gives a private file private folders, and keeps the mode of a file it replaces', async () => {
    const {root, files} = await filesIn()
    await files.writeAtomic('secret/key', 'k', {mode: 0o600})
    await files.writeAtomic('secret/key', 'l')
    await files.writeAtomic('shared', 'a')
    await chmod(join(root, 'shared'), 0o664)
    await files.writeAtomic('shared', 'b')
    const modes = ['secret', 'secret/key', 'shared'].map(
      async (name) => (await stat(join(root, name))).mode & 0o777,
    )
    expect(await Promise.all(modes)).toEqual([0o700, 0o600, 0o664])
  })

  it('replaces a link instead of writing through it', async () => {
    const {root, files} = await filesIn()
    await mkdir(root)
    await writeFile(join(root, 'theirs'), 'untouched')
    await symlink(join(root, 'theirs'), join(root, 'x'))
    await files.writeAtomic('x', 'ours')
    expect(await readFile(join(root, 'theirs'), 'utf8')).toBe('untouched')
    expect(await files.readText('x')).toBe('ours')
  })

  it('removes what a killed writer of the same file left, and nothing else', async () => {
    const {root, files} = await filesIn()
    await mkdir(root)
    const old = new Date(Date.now() - 3_600_000)
    for (const name of [
      'x.0123456789ab.tmp',
      'y.0123456789ab.tmp',
      'x.notes.tmp',
      'x.ffffffffffff.tmp',
    ])
      await writeFile(join(root, name), '')
    for (const name of ['x.0123456789ab.tmp', 'y.0123456789ab.tmp', 'x.notes.tmp'])
      await utimes(join(root, name), old, old)
    await files.writeAtomic('x', '1')
    expect((await readdir(root)).sort()).toEqual([
      'x',
      'x.ffffffffffff.tmp',
      'x.notes.tmp',
      'y.0123456789ab.tmp',
    ])
  })

  it('says so when the name is too long', async () => {
    const {files} = await filesIn()
    await expect(files.writeAtomic('n'.repeat(4096), '')).rejects.toBeInstanceOf(UsageError)
  })
})

describe('Files.append', () => {
  it('adds to the end and creates what is missing', async () => {
    const {files} = await filesIn()
    await files.append('log/a', '1\n')
    await files.append('log/a', '2\n')
    expect(await files.readText('log/a')).toBe('1\n2\n')
  })
})

describe('Files.install', () => {
  it('moves a written file over the old one, creating folders', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('partials/p', 'new')
    await files.writeAtomic('t/old', 'old')
    await files.install('partials/p', 't/old')
    expect(await files.readText('t/old')).toBe('new')
    expect(await files.list('partials')).toEqual([])
    await files.install('t/old', 'deep/er/x')
    expect(await files.readText('deep/er/x')).toBe('new')
  })

  it('leaves both files where they are when the rename fails', async () => {
    const {files} = await filesIn({
      beforeRename(path) {
        if (path === 't') throw errno('EACCES')
      },
    })
    await files.writeAtomic('p', 'new')
    await expect(files.install('p', 't')).rejects.toMatchObject({
      code: 'no_permission',
      exitCode: 2,
    })
    expect(await files.readText('p')).toBe('new')
  })

  it('names the file that is missing', async () => {
    const {files} = await filesIn()
    const failure = await files.install('p', 't').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(MissingError)
    expect(failure).toMatchObject({details: {path: 'p'}})
  })
})

describe('RandomAccessFile', () => {
  it('fills a file of known size out of order and reads it back', async () => {
    const {files} = await filesIn()
    const file = await files.openRandomAccess('deep/f', 10)
    expect(await files.stat('deep/f')).toMatchObject({sizeBytes: 10})
    await file.write(Buffer.from('89'), 8)
    await file.write(Buffer.from('01234567'), 0)
    expect(Buffer.from(await file.read(0, 10)).toString()).toBe('0123456789')
    expect((await file.read(8, 100)).length).toBe(2)
    await file.sync()
    await file.close()
    await file.close()
  })

  it('keeps existing bytes and takes the size it is told', async () => {
    const {files} = await filesIn()
    await files.writeAtomic('f', '0123456789')
    await (await files.openRandomAccess('f', 4)).close()
    expect(await files.readText('f')).toBe('0123')
    await (await files.openRandomAccess('f', 6)).close()
    expect(await files.readText('f')).toBe('0123\0\0')
  })

  it('reports a full disk as such', async () => {
    if (process.platform !== 'linux') return
    const {root, files} = await filesIn()
    await mkdir(root)
    await symlink('/dev/full', join(root, 'full'))
    const failure = await files.append('full', 'x').catch((error: unknown) => error)
    expect(failure).toMatchObject({code: 'disk_full', exitCode: 14, details: {path: 'full'}})
  })
})
