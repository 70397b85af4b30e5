import {describe, expect, it, vi} from 'vitest'
import type {Artifact, DownloadLimits} from '../../../src/lib/download/download.js'
import {parquetBytes} from '../../support/parquet-bytes.js'
import * as faults from '../../support/server-faults.js'
import {hasRange, type Fault} from '../../support/server-faults.js'
import {startTestServer} from '../../support/test-server.js'
import {artifactOf, failureOf, partials, path, workbench} from './download-bench.js'

const bytes = parquetBytes(200_000)
const other = parquetBytes(200_000, {seed: 2})
const shorter = parquetBytes(150_000, {seed: 3})
/** Four ranges of 50,000 bytes. */
const ranged = {chunkThresholdBytes: 100_000}
const plain = {}
const last = (fault: Fault) => fault.when(({headers}) => headers.range === 'bytes=150000-199999')

interface Case {
  name: string
  faults: () => Fault[]
  limits?: Partial<DownloadLimits>
  artifact?: Partial<Artifact>
  /** Requests in all. */
  requests: number
}

const survived: (Case & {etag?: string})[] = [
  {name: 'a body cut off', faults: () => [faults.truncateAfter(80_000)], requests: 2},
  {
    name: 'three bodies cut off',
    faults: () => [faults.truncateAfter(10_000).times(3)],
    requests: 4,
  },
  {name: 'a reset before the first byte', faults: () => [faults.reset()], requests: 2},
  {name: 'a reset in the body', faults: () => [faults.reset(120_000)], requests: 2},
  {name: 'a flipped bit', faults: () => [faults.flipBit(99_999)], requests: 2},
  {name: 'an announced length that is too long', faults: () => [faults.pad(10)], requests: 2},
  {name: 'a body that is too long', faults: () => [faults.padChunked(10)], requests: 2},
  {name: 'a whole answer that is too short', faults: () => [faults.shorten(1000)], requests: 2},
  {name: 'no announced length', faults: () => [faults.chunked()], requests: 1},
  {name: 'HTTP 503 twice', faults: () => [faults.status(503).times(2)], requests: 3},
  {
    name: 'HTTP 429 with Retry-After',
    faults: () => [faults.status(429, {retryAfter: 5})],
    requests: 2,
  },
  {
    name: 'HTTP 500 and a cut body',
    faults: () => [faults.status(500), faults.truncateAfter(5)],
    requests: 3,
  },
  {
    name: 'a range cut off',
    limits: ranged,
    faults: () => [last(faults.truncateAfter(20_000))],
    requests: 5,
  },
  {name: 'a range reset', limits: ranged, faults: () => [last(faults.reset(20_000))], requests: 5},
  {
    name: 'a range with a flipped bit',
    limits: ranged,
    faults: () => [last(faults.flipBit(77))],
    requests: 8,
  },
  {
    name: 'ranges ignored',
    limits: ranged,
    faults: () => [faults.ignoreRange(bytes).when(hasRange)],
    requests: 2,
  },
  {
    name: 'a range of another place',
    limits: ranged,
    faults: () => [faults.wrongContentRange('bytes 0-49999/200001')],
    requests: 2,
  },
  {
    name: 'a Content-Range nobody can read',
    limits: ranged,
    faults: () => [faults.wrongContentRange('pages 1-2')],
    requests: 2,
  },
  {
    name: 'ranges refused with 416',
    limits: ranged,
    faults: () => [faults.status(416)],
    requests: 2,
  },
  {
    name: 'ranges refused with 400',
    limits: ranged,
    faults: () => [faults.status(400)],
    requests: 2,
  },
  {
    name: 'a 503 for one range',
    limits: ranged,
    faults: () => [last(faults.status(503))],
    requests: 5,
  },
  {name: 'no ETag', limits: ranged, etag: '', faults: () => [], requests: 4},
  {name: 'a weak ETag', limits: ranged, etag: 'W/"1"', faults: () => [], requests: 4},
]

const failed: (Case & {error: {code: string; exitCode: number}})[] = [
  {
    name: 'four bodies cut off',
    faults: () => [faults.truncateAfter(1000).times(4)],
    requests: 4,
    error: {code: 'unreachable', exitCode: 9},
  },
  {
    name: 'the same wrong bytes twice',
    faults: () => [faults.flipBit(500).times(2)],
    requests: 2,
    error: {code: 'published_hash_stale', exitCode: 10},
  },
  {
    name: 'wrong bytes twice, differently',
    faults: () => [faults.flipBit(500), faults.flipBit(501)],
    requests: 2,
    error: {code: 'checksum_mismatch', exitCode: 10},
  },
  {
    name: 'the same wrong length twice',
    faults: () => [faults.pad(3).times(2)],
    requests: 2,
    error: {code: 'published_hash_stale', exitCode: 10},
  },
  {
    name: 'another object with another length',
    faults: () => [faults.swap(shorter)],
    requests: 2,
    error: {code: 'published_hash_stale', exitCode: 10},
  },
  {
    name: 'two wrong lengths',
    faults: () => [faults.pad(3), faults.shorten(5000)],
    requests: 2,
    error: {code: 'checksum_mismatch', exitCode: 10},
  },
  {
    name: 'bytes that are not Parquet, with a hash',
    faults: () => [faults.answerWith({body: Buffer.alloc(200_000, 'text ')})],
    requests: 1,
    error: {code: 'not_parquet', exitCode: 10},
  },
  {
    name: 'a sign-in page',
    faults: () => [faults.html()],
    artifact: {sizeBytes: null, md5: null},
    requests: 1,
    error: {code: 'unreadable_answer', exitCode: 9},
  },
  {
    name: 'a compressed body',
    faults: () => [faults.answerWith({headers: {'content-encoding': 'gzip'}})],
    requests: 1,
    error: {code: 'unreadable_answer', exitCode: 9},
  },
  {
    name: 'HTTP 401',
    faults: () => [faults.status(401)],
    requests: 1,
    error: {code: 'not_signed_in', exitCode: 7},
  },
  {
    name: 'HTTP 403',
    faults: () => [faults.status(403)],
    requests: 1,
    error: {code: 'forbidden', exitCode: 8},
  },
  {
    name: 'HTTP 404',
    faults: () => [faults.status(404)],
    requests: 1,
    error: {code: 'not_found', exitCode: 4},
  },
  {
    name: 'HTTP 413',
    faults: () => [faults.status(413)],
    requests: 1,
    error: {code: 'usage', exitCode: 2},
  },
  {
    name: 'HTTP 503 for ever',
    faults: () => [faults.status(503).times(Infinity)],
    requests: 4,
    error: {code: 'server_error', exitCode: 5},
  },
  {
    name: 'HTTP 429 for ever',
    faults: () => [faults.status(429).times(Infinity)],
    limits: {retries: 1},
    requests: 2,
    error: {code: 'rate_limited', exitCode: 3},
  },
  {
    name: 'a wait longer than the run may take',
    faults: () => [faults.status(503, {retryAfter: 3600})],
    requests: 1,
    error: {code: 'server_error', exitCode: 5},
  },
  {
    name: 'a body that never goes on where it was cut off',
    faults: () => [
      faults.status(416).when(hasRange).times(Infinity),
      faults.truncateAfter(1000).times(Infinity),
    ],
    requests: 8,
    error: {code: 'unstable_object', exitCode: 10},
  },
]

async function stage({limits = plain, ...rest}: Case & {etag?: string}) {
  const server = await startTestServer()
  const options = rest.etag === undefined ? {} : {etag: rest.etag}
  const route = server.file(path, bytes, options).faults(...rest.faults())
  const bench = await workbench(server.origin, {limits})
  return {server, route, bench, artifact: artifactOf(bytes, rest.artifact)}
}

describe('download survives', () => {
  it.each(survived)('$name', async (setting) => {
    const {server, bench, artifact} = await stage(setting)
    const file = await bench.fetch(artifact)
    expect((await bench.read(file.partialPath)).equals(bytes)).toBe(true)
    expect(file).toMatchObject({md5: artifact.md5, sizeBytes: 200_000, rows: 1000})
    expect(server.requests.length).toBe(setting.requests)
    server.verify()
  })
})

describe('download gives up on', () => {
  it.each(failed)('$name', async (setting) => {
    const {server, bench, artifact} = await stage(setting)
    const failure = await failureOf(bench.fetch(artifact))
    expect({code: failure.code, exitCode: failure.exitCode}).toEqual(setting.error)
    expect(server.requests.length).toBe(setting.requests)
    expect(await bench.files.list(partials)).toEqual([])
  })
})

describe('download', () => {
  it('starts again when the object is replaced between two ranges', async () => {
    const server = await startTestServer()
    server.file(path, other, {etag: '"old"'}).faults(faults.pass(), faults.swap(bytes, '"new"'))
    const bench = await workbench(server.origin, {limits: {...ranged, chunkParallelism: 2}})
    const file = await bench.fetch(artifactOf(bytes))
    expect((await bench.read(file.partialPath)).equals(bytes)).toBe(true)
    expect(server.requests.at(-1)?.headers.range).toBeUndefined()
  })

  it('resumes a cut body where it ended, of the same version only', async () => {
    const server = await startTestServer()
    server.file(path, bytes, {etag: '"1"'}).faults(faults.truncateAfter(80_000))
    const bench = await workbench(server.origin)
    const file = await bench.fetch(artifactOf(bytes))
    expect(file.receivedBytes).toBe(200_000)
    expect(server.requests[1]?.headers).toMatchObject({
      range: 'bytes=80000-199999',
      'if-range': '"1"',
    })
  })

  it('sends the token nowhere else when the server has moved, and stops the run', async () => {
    const server = await startTestServer()
    const elsewhere = await startTestServer()
    server.file(path, bytes).faults(faults.redirect(`${elsewhere.origin}${path}`))
    const bench = await workbench(server.origin)
    const failure = await failureOf(bench.fetch(artifactOf(bytes)))
    expect(failure).toMatchObject({exitCode: 2, code: 'server_moved'})
    expect(await failureOf(bench.fetch(artifactOf(other, {id: 'other'})))).toBe(failure)
    expect([server.requests.length, elsewhere.requests.length]).toEqual([1, 0])
  })

  it('waits as long as Retry-After says', async () => {
    const server = await startTestServer()
    server.file(path, bytes).faults(faults.status(503, {retryAfter: 42}))
    const bench = await workbench(server.origin)
    await bench.fetch(artifactOf(bytes))
    expect(bench.clock.monotonicMs()).toBeGreaterThanOrEqual(42_000)
  })

  it('counts a silent server as failed, before the headers and in the body, and goes on', async () => {
    const big = parquetBytes(1_000_000)
    const server = await startTestServer()
    const route = server.file(path, big).faults(faults.silence(), faults.stall(600_000))
    const bench = await workbench(server.origin, {limits: {stallMs: 5000}})
    const fetching = bench.downloader.fetch(artifactOf(big), new AbortController().signal)
    // Time passes while the server is silent, and no longer: a slow computer is no stall.
    const passed = async (ms: number, isSilent: () => boolean) => {
      await vi.waitFor(() => expect(isSilent()).toBe(true), {timeout: 60_000, interval: 5})
      await bench.clock.advance(ms)
    }
    const isWaiting = () => bench.clock.waiting === 1
    const hasBytes = () => bench.events.some((event) => event.kind === 'advance')
    await passed(5000, () => route.asked === 1)
    await passed(5000, isWaiting)
    await passed(5000, hasBytes)
    await passed(5000, isWaiting)
    const file = await fetching
    expect(file.md5).toBe(artifactOf(big).md5)
    expect(server.requests.map(({headers}) => headers.range !== undefined)).toEqual([
      ...[false, false, true],
    ])
  })

  it('accepts bytes that fit the hash their own answer carries', async () => {
    const server = await startTestServer()
    const {md5} = artifactOf(shorter)
    server.file(path, shorter, {headers: {'x-agnes-content-md5': md5 ?? ''}})
    const bench = await workbench(server.origin)
    const file = await bench.fetch(artifactOf(bytes))
    expect(file).toMatchObject({md5, serverMd5: md5, sizeBytes: 150_000})
    expect((await bench.read(file.partialPath)).equals(shorter)).toBe(true)
  })

  it('refuses bytes that fit neither hash', async () => {
    const server = await startTestServer()
    server.file(path, other, {headers: {'x-agnes-content-md5': '0'.repeat(32)}})
    const bench = await workbench(server.origin)
    expect(await failureOf(bench.fetch(artifactOf(bytes)))).toMatchObject({
      code: 'published_hash_stale',
    })
  })

  it('checks only the envelope when no hash and no size is known', async () => {
    const server = await startTestServer()
    server.file(path, bytes).faults(faults.chunked())
    const bench = await workbench(server.origin)
    const file = await bench.fetch(artifactOf(bytes, {md5: null, sizeBytes: null}))
    expect(file).toMatchObject({sizeBytes: 200_000, rows: 1000, md5: artifactOf(bytes).md5})
    expect(file.partialPath).toMatch(/\/unknown-[0-9a-f]{16}\.part$/)
  })

  it('never mixes two versions of a file without a hash', async () => {
    const server = await startTestServer()
    server
      .file(path, other, {etag: '"1"'})
      .faults(faults.truncateAfter(70_000), faults.swap(bytes, '"2"'))
    const bench = await workbench(server.origin)
    const file = await bench.fetch(artifactOf(bytes, {md5: null}))
    expect((await bench.read(file.partialPath)).equals(bytes)).toBe(true)
  })
})
