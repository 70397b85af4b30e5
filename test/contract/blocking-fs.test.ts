import * as promises from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import * as blocking from '../../src/lib/adapters/blocking-fs.js'
import {tempDir} from '../support/temp-dir.js'

type Calls = Omit<typeof blocking, 'open'> & {
  open(path: string, flags: string, mode?: number): Promise<blocking.BlockingHandle>
}

const implementations: [string, Calls][] = [
  ['node:fs/promises', promises as unknown as Calls],
  ['the calls that block', blocking],
]

describe.each(implementations)('%s', (_name, fs) => {
  it('writes through a handle and reads it back', async () => {
    const path = join(await tempDir(), 'a')
    const handle = await fs.open(path, 'wx', 0o644)
    await handle.chmod(0o600)
    await handle.writeFile('one\n')
    await handle.writeFile('two\n')
    await handle.datasync()
    await handle.sync()
    const {size, mode} = await handle.stat()
    await handle.close()
    expect([size, mode & 0o777]).toEqual([8, 0o600])
    expect(await fs.readFile(path, 'utf8')).toBe('one\ntwo\n')
    expect(await fs.readFile(path)).toEqual(Buffer.from('one\ntwo\n'))
  })

  it('appends, truncates, and reads and writes at a position', async () => {
    const path = join(await tempDir(), 'a')
    for (const text of ['one', 'two']) {
      const handle = await fs.open(path, 'a')
      await handle.writeFile(text)
      await handle.close()
    }
    const handle = await fs.open(path, 'r+')
    await handle.write(Buffer.from('xyZ'), 2, 1, 3)
    await handle.truncate(5)
    const bytes = Buffer.alloc(8)
    const {bytesRead} = await handle.read(bytes, 1, 7, 0)
    await handle.close()
    expect(bytes.subarray(0, 1 + bytesRead).toString()).toBe('\0oneZw')
  })

  it('renames, removes, and knows folders, links and times', async () => {
    const dir = await tempDir()
    await fs.mkdir(join(dir, 'x/y'), {recursive: true, mode: 0o700})
    await (await fs.open(join(dir, 'x/a'), 'w')).close()
    await promises.symlink('x', join(dir, 'link'))
    await fs.utimes(join(dir, 'x/a'), new Date(5000), new Date(7000))
    await fs.rename(join(dir, 'x/a'), join(dir, 'x/b'))
    await fs.chmod(join(dir, 'x/b'), 0o640)
    const {mtimeMs, mode} = await fs.stat(join(dir, 'x/b'))
    expect([mtimeMs, mode & 0o777]).toEqual([7000, 0o640])
    expect((await fs.lstat(join(dir, 'link'))).isSymbolicLink()).toBe(true)
    expect(await fs.realpath(join(dir, 'link/b'))).toBe(join(dir, 'x/b'))
    expect((await fs.readdir(join(dir, 'x'))).sort()).toEqual(['b', 'y'])
    const entries = await fs.readdir(join(dir, 'x'), {withFileTypes: true})
    expect(entries.map((entry) => (entry as never as {isFile(): boolean}).isFile())).toContain(true)
    await fs.rm(join(dir, 'x/b'))
    await fs.rm(join(dir, 'x/b'), {force: true})
    await fs.rm(join(dir, 'x'), {recursive: true})
    expect(await fs.readdir(dir)).toEqual(['link'])
    expect((await fs.statfs(dir)).bsize).toBeGreaterThan(0)
  })

  it.each<[string, (path: string) => Promise<unknown>, string]>([
    ['readFile', (path) => fs.readFile(path, 'utf8'), 'ENOENT'],
    ['readFile of a folder', (path) => fs.readFile(join(path, '..'), 'utf8'), 'EISDIR'],
    ['stat', (path) => fs.stat(path), 'ENOENT'],
    ['lstat', (path) => fs.lstat(path), 'ENOENT'],
    ['realpath', (path) => fs.realpath(path), 'ENOENT'],
    ['readdir', (path) => fs.readdir(path), 'ENOENT'],
    ['open', (path) => fs.open(path, 'r'), 'ENOENT'],
    ['open of what is there', (path) => fs.open(join(path, '..'), 'wx'), 'EEXIST'],
    ['rename', (path) => fs.rename(path, `${path}-new`), 'ENOENT'],
    ['rm', (path) => fs.rm(path), 'ENOENT'],
    ['rm below a file', (path) => fs.rm(join(path, '../file/below'), {force: true}), 'ENOTDIR'],
  ])('rejects: %s', async (_what, call, code) => {
    const dir = await tempDir()
    await promises.writeFile(join(dir, 'file'), '')
    // A rejection, not a throw: it is caught as the promise's.
    const failure = await call(join(dir, 'missing')).catch((error: unknown) => error)
    expect(failure).toMatchObject({code})
  })
})
