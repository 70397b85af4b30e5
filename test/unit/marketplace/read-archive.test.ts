import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {ZipFile} from 'yazl'
import {IntegrityError, TooLargeError} from '../../../src/lib/errors.js'
import {ARCHIVE_LIMITS, readArchive} from '../../../src/lib/marketplace/read-archive.js'

interface Given {
  name: string
  text?: string
  mode?: number
}

async function zip(entries: readonly Given[]): Promise<Buffer> {
  const archive = new ZipFile()
  for (const {name, text = 'x', mode} of entries) {
    const options = mode === undefined ? {} : {mode}
    if (name.endsWith('/')) archive.addEmptyDirectory(name, options)
    else archive.addBuffer(Buffer.from(text), name, options)
  }
  archive.end()
  const chunks: Buffer[] = []
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** An archive whose entry is called `name`, which no honest writer would make. */
async function forged(name: string, extra: Given[] = []): Promise<Buffer> {
  const placeholder = 'p'.repeat(Buffer.byteLength(name))
  const bytes = await zip([{name: placeholder}, ...extra])
  for (let at = bytes.indexOf(placeholder); at >= 0; at = bytes.indexOf(placeholder))
    Buffer.from(name).copy(bytes, at)
  return bytes
}

describe('readArchive', () => {
  it('gives back any files that were packed', async () => {
    const name = fc
      .stringMatching(/^[a-z][a-z0-9]{0,6}$/)
      .filter((word) => !/^(con|prn|aux|nul)$/.test(word))
    const files = fc.dictionary(name, fc.string({maxLength: 200}), {maxKeys: 8})
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const entries = Object.entries(given).map(([path, text]) => ({name: `d/${path}.md`, text}))
        const read = await readArchive(await zip([{name: 'd/'}, ...entries]))
        expect([...read].map(([path, bytes]) => [path, bytes.toString()])).toEqual(
          entries.map(({name: path, text}) => [path, text]),
        )
      }),
      {numRuns: 30},
    )
  })

  it.each([
    '../evil',
    'a/../../evil',
    '/etc/passwd',
    'C:/evil',
    'a\\..\\evil',
    'a//b',
    './a',
    'a/./b',
    'a\u0000b',
    'a\u001bb',
    'plugins/aux.md',
    'a./b',
    'a /b',
    'stream:name',
  ])('refuses an entry called %j', async (name) => {
    await expect(readArchive(await forged(name))).rejects.toBeInstanceOf(IntegrityError)
  })

  it.each([
    ['a link', {name: 'link', text: '/etc/passwd', mode: 0o120_777}],
    ['a device', {name: 'device', mode: 0o020_666}],
  ])('refuses %s', async (_name, entry) => {
    const bytes = await zip([{name: 'fine.md'}, entry])
    await expect(readArchive(bytes)).rejects.toMatchObject({code: 'bad_archive'})
  })

  it.each([
    ['two of one name', [{name: 'a.md'}, {name: 'a.md'}]],
    ['two that some disks take for one', [{name: 'a.md'}, {name: 'A.md'}]],
    ['a file inside a file', [{name: 'a'}, {name: 'a/b'}]],
  ])('refuses %s', async (_name, entries) => {
    await expect(readArchive(await zip(entries))).rejects.toMatchObject({code: 'bad_archive'})
  })

  it.each([
    ['entries', {entries: 1}, [{name: 'a'}, {name: 'b'}]],
    ['bytes in a file', {bytesPerFile: 3}, [{name: 'a', text: 'four'}]],
    [
      'bytes in all',
      {bytes: 7},
      [
        {name: 'a', text: 'four'},
        {name: 'b', text: 'four'},
      ],
    ],
    ['air', {ratioFromBytes: 1000}, [{name: 'a', text: '0'.repeat(1_000_000)}]],
  ])('refuses too many %s', async (_name, limits, entries) => {
    const bytes = await zip(entries)
    await expect(readArchive(bytes, {...ARCHIVE_LIMITS, ...limits})).rejects.toBeInstanceOf(
      TooLargeError,
    )
    expect((await readArchive(bytes)).size).toBe(entries.length)
  })

  it('refuses what is cut off, changed anywhere, or no archive at all', async () => {
    const whole = await zip([{name: 'a.md', text: 'some text that is long enough'}])
    await expect(readArchive(whole.subarray(0, -10))).rejects.toBeInstanceOf(IntegrityError)
    await expect(readArchive(Buffer.from('<html>'))).rejects.toBeInstanceOf(IntegrityError)
    await expect(readArchive(Buffer.alloc(0))).rejects.toBeInstanceOf(IntegrityError)
    const changed = Buffer.from(whole)
    changed[40]! ^= 0xff
    await expect(readArchive(changed)).rejects.toBeInstanceOf(IntegrityError)
  })
})
