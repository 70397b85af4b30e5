import {cp} from 'node:fs/promises'
import {describe, expect, it} from 'vitest'
import {sweepPartials} from '../../../src/lib/download/sweep-partials.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {parquetBytes} from '../../support/parquet-bytes.js'
import {hasRange, holdAfter, ignoreRange} from '../../support/server-faults.js'
import {startTestServer, type TestServer} from '../../support/test-server.js'
import {tempDir} from '../../support/temp-dir.js'
import {artifactOf, failureOf, md5Of, partials, path, workbench} from './download-bench.js'

const MIB = 1024 * 1024
const bytes = parquetBytes(24 * MIB)
const artifact = artifactOf(bytes)
const part = `${partials}/${artifact.md5}.part`
const journal = `${partials}/${artifact.md5}.json`

/** A workspace as a process killed with `-9` leaves it when the server has sent so much of each answer. */
async function killedAt(server: TestServer, sentBytes: number, chunkParallelism: number) {
  const gates = Array.from({length: chunkParallelism}, () => holdAfter(sentBytes))
  server.file(path, bytes, {etag: '"1"'}).faults(...gates)
  const bench = await workbench(server.origin, {
    limits: {chunkThresholdBytes: MIB, chunkParallelism},
  })
  const controller = new AbortController()
  const fetching = failureOf(bench.downloader.fetch(artifact, controller.signal))
  await Promise.all(gates.map(({reached}) => reached))
  await arrived(bench, sentBytes * chunkParallelism - chunkParallelism * 0.6 * MIB)
  const root = await tempDir()
  await cp(bench.root, root, {recursive: true})
  controller.abort(new (await import('../../../src/lib/errors.js')).InterruptedError('SIGINT'))
  await fetching
  gates.forEach(({release}) => release())
  const before = server.requests.length
  return {root, requestsSince: () => server.requests.slice(before)}
}

async function arrived(bench: Awaited<ReturnType<typeof workbench>>, count: number): Promise<void> {
  const doneOf = () =>
    Math.max(0, ...bench.events.map((event) => (event.kind === 'advance' ? event.doneBytes : 0)))
  while (doneOf() < count) await new Promise(setImmediate)
}

describe('download after a kill', () => {
  it.each([
    {name: 'in one stream', chunkParallelism: 1, sentBytes: 15 * MIB},
    {name: 'in three ranges', chunkParallelism: 3, sentBytes: 6 * MIB},
  ])(
    'fetches again at most 8 MiB per open range ($name)',
    async ({chunkParallelism, sentBytes}) => {
      const server = await startTestServer()
      const {root, requestsSince} = await killedAt(server, sentBytes, chunkParallelism)
      const next = await workbench(server.origin, {
        root,
        limits: {chunkThresholdBytes: MIB, chunkParallelism},
      })
      const file = await next.fetch(artifact)
      expect((await next.read(file.partialPath)).equals(bytes)).toBe(true)
      expect(file.resumedBytes).toBeGreaterThanOrEqual((sentBytes - 8 * MIB) * chunkParallelism)
      expect(file.receivedBytes).toBe(24 * MIB - file.resumedBytes)
      expect(file.resumedBytes).toBeGreaterThan(0)
      for (const {headers} of requestsSince()) expect(headers['if-range']).toBe('"1"')
    },
  )

  it.each([{sizeBytes: 24 * MIB}, {sizeBytes: null}])(
    'asks for nothing when all bytes are there already (%j)',
    async (known) => {
      const server = await startTestServer()
      server.file(path, bytes)
      const bench = await workbench(server.origin)
      await bench.fetch(artifact)
      const limits = {chunkThresholdBytes: MIB}
      const next = await workbench(server.origin, {root: bench.root, limits})
      expect(await next.fetch({...artifact, ...known})).toMatchObject({
        resumedBytes: 24 * MIB,
        receivedBytes: 0,
        rows: 1000,
      })
      expect(server.requests.length).toBe(1)
    },
  )

  it('fetches once from scratch when what was left is damaged', async () => {
    const server = await startTestServer()
    const {root} = await killedAt(server, 15 * MIB, 1)
    const files = new NodeFiles(root, systemRandom)
    const file = await files.openRandomAccess(part, 24 * MIB)
    await file.write(Buffer.from('damage'), 1000)
    await file.close()
    const next = await workbench(server.origin, {root})
    const fetched = await next.fetch(artifact)
    expect((await next.read(fetched.partialPath)).equals(bytes)).toBe(true)
    expect(fetched.resumedBytes).toBe(0)
  })

  it('starts again when the server has another version now', async () => {
    const server = await startTestServer()
    const {root} = await killedAt(server, 15 * MIB, 1)
    const republished = await startTestServer()
    republished.file(path, bytes, {etag: '"2"'})
    const next = await workbench(republished.origin, {root})
    const fetched = await next.fetch(artifact)
    expect((await next.read(fetched.partialPath)).equals(bytes)).toBe(true)
    expect(republished.requests.map(({headers}) => headers.range === undefined)).toEqual([
      false,
      true,
    ])
  })

  it('starts again when the server knows no ranges', async () => {
    const server = await startTestServer()
    const {root} = await killedAt(server, 15 * MIB, 1)
    server.file(path, bytes, {etag: '"1"'}).faults(ignoreRange(bytes).when(hasRange))
    const next = await workbench(server.origin, {root})
    expect(md5Of(await next.read((await next.fetch(artifact)).partialPath))).toBe(artifact.md5)
  })

  it.each([
    ['', 'empty'],
    ['{"format":1,"sizeBytes":25165824,"etag":null,"done":[[0,', 'cut off'],
    ['{"format":2,"sizeBytes":25165824,"etag":null,"done":[]}', 'of another format'],
    ['{"format":1,"sizeBytes":99,"etag":null,"done":[[0,99]]}', 'of another size'],
    ['{"format":1,"sizeBytes":25165824,"etag":null,"done":[[5,2]]}', 'impossible'],
    ['{"format":1,"sizeBytes":25165824,"etag":null,"done":[[0,99999999999]]}', 'out of range'],
    ['{"format":1,"sizeBytes":25165824,"etag":7,"done":[[0,5]]}', 'wrongly typed'],
  ])('does not trust the journal %j (%s)', async (text) => {
    const server = await startTestServer()
    server.file(path, bytes)
    const bench = await workbench(server.origin)
    await bench.files.writeAtomic(part, Buffer.alloc(24 * MIB))
    await bench.files.writeAtomic(journal, text)
    expect(await bench.fetch(artifact)).toMatchObject({resumedBytes: 0, md5: artifact.md5})
  })
})

describe('sweepPartials', () => {
  const [wanted, unwanted] = ['a'.repeat(32), 'b'.repeat(32)]

  it('keeps what is still wanted and whole, and removes the rest', async () => {
    const files = new NodeFiles(await tempDir(), systemRandom)
    const names = [
      `${wanted}.part`,
      `${wanted}.json`,
      `${wanted}-2.part`,
      `${wanted}-3.json`,
      `${wanted}.json.0123456789ab.tmp`,
      `${unwanted}.part`,
      `${unwanted}.json`,
      'unknown-0123456789abcdef.part',
      'notes.txt',
    ]
    for (const name of names) await files.writeAtomic(`${partials}/${name}`, '')
    await sweepPartials(files, new Set([wanted]))
    expect(await files.list(partials)).toEqual([`${wanted}.json`, `${wanted}.part`])
  })

  it('removes the folder with its last file and does nothing without one', async () => {
    const files = new NodeFiles(await tempDir(), systemRandom)
    await sweepPartials(files, new Set())
    await files.writeAtomic(`${partials}/${wanted}.part`, '')
    await sweepPartials(files, new Set())
    expect(await files.stat(partials)).toBeUndefined()
  })
})
