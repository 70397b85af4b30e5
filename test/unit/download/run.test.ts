import {describe, expect, it} from 'vitest'
import {InterruptedError} from '../../../src/lib/errors.js'
import {parquetBytes} from '../../support/parquet-bytes.js'
import {Fault, flipBit, holdAfter, status, truncateAfter} from '../../support/server-faults.js'
import {startTestServer, type TestServer} from '../../support/test-server.js'
import {artifactOf, drive, failureOf, md5Of, partials, workbench} from './download-bench.js'

const never = new AbortController().signal
const pathOf = (name: string) => `/api/data/${name}/download`

function publish(server: TestServer, count: number, sizeBytes = 20_000) {
  return Array.from({length: count}, (_, index) => {
    const bytes = parquetBytes(sizeBytes, {seed: index + 1})
    const id = `table_${index}`
    return {
      bytes,
      route: server.file(pathOf(id), bytes),
      artifact: artifactOf(bytes, {id, path: pathOf(id)}),
    }
  })
}

describe('a run of downloads', () => {
  it('keeps to its number of connections', async () => {
    const server = await startTestServer()
    const tables = publish(server, 8)
    let open = 0
    let most = 0
    let meet: () => void = () => {}
    const three = new Promise<void>((resolve) => (meet = resolve))
    for (const {route} of tables) {
      const gate = holdAfter(100)
      route.faults(gate)
      void gate.reached.then(async () => {
        most = Math.max(most, ++open)
        if (open === 3) meet()
        await three
        // A fourth one would have its chance now.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
        open--
        gate.release()
      })
    }
    const bench = await workbench(server.origin, {limits: {parallelism: 3}})
    await drive(
      bench.clock,
      Promise.all(tables.map(({artifact}) => bench.downloader.fetch(artifact, never))),
    )
    expect(most).toBe(3)
    expect(new Set(server.requests.map(({socket}) => socket)).size).toBeLessThanOrEqual(3)
  })

  it('stops everything at once when the token stops working', async () => {
    const server = await startTestServer()
    const tables = publish(server, 20)
    const gate = holdAfter(100)
    tables[0]?.route.faults(gate)
    const refusal = status(401)
    const late = new Fault('401 while the other one is under way', async (exchange) => {
      await gate.reached
      await refusal.apply(exchange)
    })
    tables[1]?.route.faults(late)
    const bench = await workbench(server.origin, {limits: {parallelism: 2}})
    const failures = await drive(
      bench.clock,
      Promise.all(tables.map(({artifact}) => failureOf(bench.downloader.fetch(artifact, never)))),
    )
    expect(new Set(failures).size).toBe(1)
    expect(failures[0]).toMatchObject({exitCode: 7})
    expect(server.requests.length).toBe(2)
    gate.release()
  })

  it('goes on with the others when one file fails for good', async () => {
    const server = await startTestServer()
    const tables = publish(server, 12)
    tables[3]?.route.faults(status(500).times(Infinity))
    tables[5]?.route.faults(status(403))
    tables[7]?.route.faults(flipBit(9000).times(2))
    const bench = await workbench(server.origin, {limits: {parallelism: 2}})
    const outcomes = await drive(
      bench.clock,
      Promise.allSettled(tables.map(({artifact}) => bench.downloader.fetch(artifact, never))),
    )
    expect(outcomes.map(({status: outcome}) => outcome === 'fulfilled')).toEqual(
      tables.map((_, index) => ![3, 5, 7].includes(index)),
    )
  })

  it('gives up a server that stays away without trying every file several times', async () => {
    const server = await startTestServer()
    const tables = publish(server, 207)
    for (const {route} of tables) route.faults(status(503).times(Infinity)).optional()
    const bench = await workbench(server.origin)
    const failures = await drive(
      bench.clock,
      Promise.all(tables.map(({artifact}) => failureOf(bench.downloader.fetch(artifact, never)))),
    )
    expect(failures.every(({exitCode}) => exitCode === 5)).toBe(true)
    expect(server.requests.length).toBeLessThanOrEqual(4 * 4 + 4 + 3)
    expect(bench.clock.monotonicMs()).toBeLessThan(30_000)
  })

  it('waits no longer in all than its budget', async () => {
    const server = await startTestServer()
    const tables = publish(server, 4)
    for (const {route} of tables) route.faults(status(503, {retryAfter: 8}).times(Infinity))
    const bench = await workbench(server.origin, {limits: {runBudgetMs: 20_000, retries: 100}})
    const failures = await drive(
      bench.clock,
      Promise.all(tables.map(({artifact}) => failureOf(bench.downloader.fetch(artifact, never)))),
    )
    expect(failures.every(({exitCode}) => exitCode === 5)).toBe(true)
    expect(bench.clock.monotonicMs()).toBeLessThanOrEqual(21_000)
  })

  it('passes no more bytes a second than it may, all transfers together', async () => {
    const server = await startTestServer()
    const tables = publish(server, 4, 1_000_000)
    const bench = await workbench(server.origin, {limits: {bytesPerSecond: 100_000}})
    await drive(
      bench.clock,
      Promise.all(tables.map(({artifact}) => bench.downloader.fetch(artifact, never))),
    )
    expect(bench.clock.monotonicMs()).toBeGreaterThanOrEqual(39_000)
  })

  it('gives two tables with the same content a file each', async () => {
    const server = await startTestServer()
    const bytes = parquetBytes(20_000)
    for (const name of ['a', 'b']) server.file(pathOf(name), bytes)
    const bench = await workbench(server.origin)
    const files = await Promise.all(
      ['a', 'b'].map((id) => bench.fetch(artifactOf(bytes, {id, path: pathOf(id)}))),
    )
    expect(new Set(files.map(({partialPath}) => partialPath)).size).toBe(2)
    for (const {partialPath} of files)
      expect(md5Of(await bench.read(partialPath))).toBe(md5Of(bytes))
  })

  it('ends at once when interrupted, keeping what has arrived of a big file', async () => {
    const server = await startTestServer()
    const [table] = publish(server, 1, 12_000_000)
    if (!table) throw new Error('no table')
    const gate = holdAfter(6_000_000)
    table.route.faults(gate)
    const bench = await workbench(server.origin)
    const controller = new AbortController()
    const fetching = failureOf(bench.downloader.fetch(table.artifact, controller.signal))
    await gate.reached
    controller.abort(new InterruptedError('SIGINT'))
    expect(await fetching).toMatchObject({exitCode: 130})
    gate.release()
    expect(await bench.files.list(partials)).toEqual([
      `${table.artifact.md5}.json`,
      `${table.artifact.md5}.part`,
    ])
    const next = await workbench(server.origin, {root: bench.root})
    const {resumedBytes, receivedBytes} = await next.fetch(table.artifact)
    expect(resumedBytes).toBeGreaterThan(0)
    expect(resumedBytes + receivedBytes).toBe(12_000_000)
  })

  it('asks nobody when interrupted before', async () => {
    const server = await startTestServer()
    const [table] = publish(server, 1)
    const bench = await workbench(server.origin)
    const stopped = AbortSignal.abort(new InterruptedError('SIGTERM'))
    expect(await failureOf(bench.downloader.fetch(table!.artifact, stopped))).toMatchObject({
      exitCode: 143,
    })
    expect(server.requests).toEqual([])
  })
})

describe('a full disk', () => {
  it('stops the run with exit code 14 and keeps what is there', async () => {
    const server = await startTestServer()
    const tables = publish(server, 6)
    let writes = 0
    const bench = await workbench(server.origin, {
      limits: {parallelism: 1},
      faults: {
        beforeWrite() {
          if (++writes > 2) throw Object.assign(new Error('no space'), {code: 'ENOSPC'})
        },
      },
    })
    const outcomes = await drive(
      bench.clock,
      Promise.allSettled(tables.map(({artifact}) => bench.downloader.fetch(artifact, never))),
    )
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    )
    expect(failures.length).toBe(4)
    for (const failure of failures) expect(failure).toMatchObject({exitCode: 14, code: 'disk_full'})
    expect(server.requests.length).toBe(2)
    expect((await bench.files.list(partials)).length).toBe(2)
  })
})

describe('a disk too full for the journal', () => {
  it('leaves no partial that nobody could go on with', async () => {
    const server = await startTestServer()
    const [table] = publish(server, 1, 12_000_000)
    table!.route.faults(truncateAfter(2_000_000), status(403))
    const bench = await workbench(server.origin, {
      faults: {
        beforeWrite(path) {
          if (path.endsWith('.json')) throw Object.assign(new Error('no space'), {code: 'ENOSPC'})
        },
      },
    })
    expect(await failureOf(bench.fetch(table!.artifact))).toMatchObject({exitCode: 8})
    expect(await bench.files.list(partials)).toEqual([])
  })
})

describe('progress of a download', () => {
  it('starts over with a retry that starts over, never passes the total and ends once', async () => {
    const server = await startTestServer()
    const [table] = publish(server, 1, 3_000_000)
    table?.route.faults(truncateAfter(2_000_000), flipBit(500_000))
    const bench = await workbench(server.origin)
    await bench.fetch(table!.artifact)
    expect(bench.events[0]).toEqual({
      kind: 'start',
      id: 'table_0',
      title: 'table_0',
      totalBytes: 3_000_000,
    })
    expect(bench.events.at(-1)).toEqual({kind: 'end', id: 'table_0', outcome: 'done'})
    const done = bench.events.flatMap((event) =>
      event.kind === 'advance' ? [event.doneBytes] : [],
    )
    expect(Math.max(...done)).toBe(3_000_000)
    expect(done.at(-1)).toBe(3_000_000)
    expect(done.filter((value, index) => value < (done[index - 1] ?? 0)).length).toBe(1)
  })

  it('says that a file failed', async () => {
    const server = await startTestServer()
    const [table] = publish(server, 1)
    table?.route.faults(status(403))
    const bench = await workbench(server.origin)
    await failureOf(bench.fetch(table!.artifact))
    expect(bench.events.at(-1)).toMatchObject({kind: 'end', outcome: 'failed'})
  })
})
