import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {AgnesError} from '../../../src/lib/errors.js'
import {parquetBytes} from '../../support/parquet-bytes.js'
import * as faults from '../../support/server-faults.js'
import type {Fault} from '../../support/server-faults.js'
import {startTestServer} from '../../support/test-server.js'
import {artifactOf, path, workbench} from './download-bench.js'

const SIZE = 60_000
const bytes = parquetBytes(SIZE)
const other = parquetBytes(SIZE, {seed: 9})

const at = fc.nat(SIZE)
const fault: fc.Arbitrary<() => Fault> = fc.oneof(
  at.map((n) => () => faults.truncateAfter(n)),
  at.map((n) => () => faults.shorten(n)),
  at.map((n) => () => faults.flipBit(n)),
  at.map((n) => () => faults.reset(n)),
  fc.integer({min: 1, max: 100}).map((n) => () => faults.pad(n)),
  fc.integer({min: 1, max: 100}).map((n) => () => faults.padChunked(n)),
  fc.constantFrom(
    () => faults.pass(),
    () => faults.chunked(),
    () => faults.reset(),
    () => faults.html(),
    () => faults.status(500),
    () => faults.status(503, {retryAfter: 1}),
    () => faults.status(416),
    () => faults.status(400),
    () => faults.ignoreRange(bytes),
    () => faults.ignoreRange(other),
    () => faults.swap(other, '"other"'),
    () => faults.swap(other, '"1"'),
    () => faults.swap(bytes, '"1"'),
    () => faults.swap(bytes, '"again"'),
    () => faults.wrongContentRange('bytes 0-99/60000'),
  ),
)

describe('any schedule of faults', () => {
  it(
    'ends in the right bytes or an error, in one run and in the next',
    {timeout: 120_000},
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fault, {maxLength: 12}),
          fc.constantFrom(1000, 20_000, 1e9),
          fc.boolean(),
          async (schedule, chunkThresholdBytes, hasSize) => {
            const server = await startTestServer()
            server.file(path, bytes, {etag: '"1"'}).faults(...schedule.map((make) => make()))
            const limits = {chunkThresholdBytes, chunkParallelism: 3, retries: 2}
            let root: string | undefined
            for (let run = 0; run < 2; run++) {
              const bench = await workbench(server.origin, {limits, ...(root ? {root} : {})})
              root = bench.root
              const artifact = artifactOf(bytes, hasSize ? {} : {sizeBytes: null})
              const outcome = await bench.fetch(artifact).catch((error: unknown) => error)
              if (outcome instanceof AgnesError) expect(outcome.exitCode).not.toBe(1)
              else {
                const {partialPath, md5} = outcome as {partialPath: string; md5: string}
                expect(md5).toBe(artifact.md5)
                expect((await bench.read(partialPath)).equals(bytes)).toBe(true)
              }
              await bench.downloader.close()
            }
            await server.close()
          },
        ),
        {numRuns: 25},
      )
    },
  )
})
