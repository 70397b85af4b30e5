import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {encodeArrowStream} from '../../../src/lib/arrow/encode-arrow-stream.js'
import {InterruptedError, TooLargeError} from '../../../src/lib/errors.js'
import type {RandomAccessFile} from '../../../src/lib/ports/files.js'
import {fetchParquet} from '../../../src/lib/snapshot/fetch-parquet.js'
import {holdAfter} from '../../support/server-faults.js'
import {tempDir} from '../../support/temp-dir.js'
import {startTestServer} from '../../support/test-server.js'

/** A record batch that is too big for memory goes through a file beside the snapshot. */

async function answer(): Promise<Buffer> {
  const session = await new DuckDbWarehouse().open({path: ':memory:', access: 'write'})
  try {
    const parts: Uint8Array[] = []
    const rows = await session.stream("SELECT i, repeat('x', i % 50) AS t FROM range(2000) r(i)")
    for await (const part of encodeArrowStream(rows)) parts.push(part)
    return Buffer.concat(parts)
  } finally {
    await session.close()
  }
}

/** Tells what was opened; the disk is full after so many bytes. */
class SmallDisk extends NodeFiles {
  readonly opened: string[] = []
  private begin!: () => void
  readonly firstWrite = new Promise<void>((resolve) => (this.begin = resolve))

  constructor(
    root: string,
    private readonly roomBytes = Infinity,
  ) {
    super(root, systemRandom)
  }

  override async openRandomAccess(path: string, sizeBytes: number): Promise<RandomAccessFile> {
    if (sizeBytes > 0 && path.endsWith('0.tmp')) this.opened.push(path)
    const file = await super.openRandomAccess(path, sizeBytes)
    return {
      ...file,
      write: async (bytes, position) => {
        if (position + bytes.length > this.roomBytes)
          throw new TooLargeError('The disk is full.', {code: 'disk_full'})
        await file.write(bytes, position)
        this.begin()
      },
    }
  }
}

async function place({roomBytes, sentBytes}: {roomBytes?: number; sentBytes?: number} = {}) {
  const server = await startTestServer()
  const body = (await answer()).subarray(0, sentBytes)
  const route = server.on('POST', '/api/v2/scan', () => ({status: 200, body}))
  const root = await tempDir()
  const files = new SmallDisk(root, roomBytes)
  await files.createFolder('user/snapshots')
  const controller = new AbortController()
  const deps = {
    files,
    http: new GotHttpClient({origin: server.origin, token: 'token', userAgent: 'test'}),
    clock: systemClock,
    random: systemRandom,
    warehouse: async () => new DuckDbWarehouse(),
    stallMs: 30_000,
    spoolAboveBytes: 1000,
  }
  const fetched = () =>
    fetchParquet(
      deps,
      {body: {table_id: 'zoo'}, path: 'user/snapshots/.zoo.abc.tmp'},
      controller.signal,
    )
  const left = () => readdir(join(root, 'user/snapshots'))
  return {route, files, controller, fetched, left, size: body.length}
}

it('arrives whole, and the file is gone', async () => {
  const {files, fetched, left} = await place()
  expect((await fetched()).rows).toBe(2000)
  expect(files.opened).toEqual(['user/snapshots/.zoo.abc0.tmp'])
  expect(await left()).toEqual(['.zoo.abc.tmp'])
})

it('that is cut off leaves no file', async () => {
  const {files, fetched, left} = await place({sentBytes: 20_000})
  await expect(fetched()).rejects.toMatchObject({code: 'stream_truncated', exitCode: 10})
  expect(files.opened).toHaveLength(1)
  expect(await left()).toEqual([])
})

it('that is interrupted leaves no file', async () => {
  const {route, controller, files, fetched, left} = await place()
  const gate = holdAfter(20_000)
  route.faults(gate)
  const made = fetched()
  await files.firstWrite
  controller.abort(new InterruptedError('SIGINT'))
  await expect(made).rejects.toMatchObject({exitCode: 130})
  expect(files.opened).toHaveLength(1)
  expect(await left()).toEqual([])
})

it('that does not fit on the disk is told so, and leaves no file', async () => {
  const {fetched, left} = await place({roomBytes: 10_000})
  await expect(fetched()).rejects.toMatchObject({code: 'disk_full', exitCode: 14})
  expect(await left()).toEqual([])
})
