import {createHash} from 'node:crypto'
import {open, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {WorkerHasher} from '../../src/lib/adapters/worker-hasher.js'
import {IntegrityError, UnexpectedError} from '../../src/lib/errors.js'
import {tempDir} from '../support/temp-dir.js'

function hasher(): WorkerHasher {
  const made = new WorkerHasher()
  onTestFinished(() => made.close())
  return made
}

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(await tempDir(), 'f')
  await writeFile(path, bytes)
  return path
}

describe('Hasher', () => {
  it('hashes a file that grows out of order behind its known prefix', async () => {
    const bytes = Buffer.alloc(3_000_000, 'abcdefg')
    const path = await fileOf(Buffer.alloc(0))
    const file = await open(path, 'r+')
    const hash = hasher().begin(path)
    await file.write(bytes.subarray(2_000_000), 0, 1_000_000, 2_000_000)
    await file.write(bytes.subarray(0, 1_000_000), 0, 1_000_000, 0)
    hash.extend(1_000_000)
    await file.write(bytes.subarray(1_000_000, 2_000_000), 0, 1_000_000, 1_000_000)
    hash.extend(3_000_000)
    expect(await hash.digest(3_000_000)).toBe(md5(bytes))
    await file.close()
  })

  it('keeps several files apart, the empty one included', async () => {
    const shared = hasher()
    const contents = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(2_500_000, 'xyz')]
    const digests = contents.map(async (bytes) =>
      shared.begin(await fileOf(bytes)).digest(bytes.length),
    )
    expect(await Promise.all(digests)).toEqual(contents.map(md5))
  })

  it('hashes only as much as it is asked for', async () => {
    const path = await fileOf(Buffer.from('hello world'))
    expect(await hasher().begin(path).digest(5)).toBe(md5(Buffer.from('hello')))
  })

  it('rejects when the file ends too early', async () => {
    const failure = await hasher()
      .begin(await fileOf(Buffer.from('short')))
      .digest(100)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(IntegrityError)
    expect(failure).toMatchObject({code: 'file_too_short', details: {bytes: 5}})
  })

  it('rejects for one unreadable file and goes on with the others', async () => {
    const shared = hasher()
    const path = await fileOf(Buffer.from('fine'))
    await expect(shared.begin(`${path}.absent`).digest(1)).rejects.toBeInstanceOf(UnexpectedError)
    expect(await shared.begin(path).digest(4)).toBe(md5(await readFile(path)))
  })

  it('forgets a cancelled hash, before and after its end', async () => {
    const shared = hasher()
    const path = await fileOf(Buffer.from('fine'))
    const cancelled = shared.begin(path)
    cancelled.extend(2)
    cancelled.cancel()
    await expect(cancelled.digest(4)).rejects.toThrow('cancelled')
    const done = shared.begin(path)
    await done.digest(4)
    done.cancel()
  })

  it('rejects what is open when it closes, and may be closed twice', async () => {
    const shared = hasher()
    const open = shared.begin(await fileOf(Buffer.from('x')))
    await shared.close()
    await shared.close()
    await expect(open.digest(1)).rejects.toThrow('stopped')
    expect(() => shared.begin('/x')).toThrow(UnexpectedError)
  })
})
