import {describe, expect, it} from 'vitest'
import {startTestServer} from '../../support/test-server.js'
import {parquetBytes} from '../../support/parquet-bytes.js'
import {artifactOf, partials, path, workbench} from './download-bench.js'

describe('download', () => {
  it('fetches a small file with one plain request', async () => {
    const bytes = parquetBytes(100_000, {rows: 77})
    const server = await startTestServer()
    server.file(path, bytes)
    const bench = await workbench(server.origin)
    const file = await bench.fetch(artifactOf(bytes, {query: {part: 'a=1/x.parquet'}}))
    expect(file).toEqual({
      partialPath: `${partials}/${file.md5}.part`,
      sizeBytes: 100_000,
      md5: artifactOf(bytes).md5,
      serverMd5: null,
      receivedBytes: 100_000,
      resumedBytes: 0,
      rows: 77,
    })
    expect((await bench.read(file.partialPath)).equals(bytes)).toBe(true)
    expect(server.requests.map(({headers, query}) => [headers.range, query.get('part')])).toEqual([
      [undefined, 'a=1/x.parquet'],
    ])
    expect(await bench.files.list(partials)).toEqual([`${file.md5}.part`])
  })

  it('fetches a big file in ranges of one version, each byte once', async () => {
    const bytes = parquetBytes(3_000_001)
    const server = await startTestServer()
    server.file(path, bytes, {etag: '"7"'})
    const bench = await workbench(server.origin, {
      limits: {chunkThresholdBytes: 1_000_000, chunkParallelism: 3},
    })
    const file = await bench.fetch(artifactOf(bytes))
    expect((await bench.read(file.partialPath)).equals(bytes)).toBe(true)
    expect(file.receivedBytes).toBe(3_000_001)
    const asked = server.requests.map(({headers}) => [headers.range, headers['if-range']])
    expect(asked.sort()).toEqual([
      ['bytes=0-1000000', undefined],
      ['bytes=1000001-2000001', '"7"'],
      ['bytes=2000002-3000000', '"7"'],
    ])
  })
})
