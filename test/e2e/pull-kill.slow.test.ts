import {mkdir, readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {NodeFiles} from '../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../src/lib/adapters/system-random.js'
import {readSyncState} from '../../src/lib/sync/sync-state.js'
import {startCountingServer, type PublishedFile} from '../support/counting-server.js'
import {installedCli} from '../support/installed-cli.js'
import {runCli} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const KILLS = 200
const MIB = 1024 * 1024
/** What one open range may cost again after a kill; four files, four ranges each are never open here. */
const AGAIN_BYTES = 8 * MIB
const warehouse = new DuckDbWarehouse()

/** Table, part and rows; 8 random bytes a row do not compress, so that is about the size. */
const SHAPE: [string, string | null, number][] = [
  ['big', null, 1_300_000],
  ['small', null, 20_000],
  ['tiny', null, 10],
  ['split', 'm=1/data.parquet', 60_000],
  ['split', 'm=2/data.parquet', 60_000],
  ['split', 'm=3/data.parquet', 60_000],
]

/** One generation of all tables; every file of it has rows of its own. */
async function generation(version: number): Promise<PublishedFile[]> {
  const dir = await tempDir()
  const session = await warehouse.open({path: ':memory:', access: 'write', threads: 1})
  const files: PublishedFile[] = []
  for (const [index, [table, part, rows]] of SHAPE.entries()) {
    const file = join(dir, `${index}.parquet`)
    await session.run(
      `COPY (SELECT ${version} AS v, hash(i * 7 + ${version * 100 + index}) AS n FROM range(${rows}) r(i)) TO '${file}' (COMPRESSION uncompressed)`,
    )
    files.push({table, part, bytes: await readFile(file)})
  }
  await session.close()
  return files
}

/** A seeded stream of numbers in [0, 1): the kills fall where they fell in the last run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

async function leftovers(root: string): Promise<string[]> {
  const names = await readdir(root, {recursive: true})
  return names.filter((name) => /\.tmp$|\.part$|partials\/.|agnes\/staged/.test(name))
}

describe('a pull that is killed', () => {
  it(
    `leaves whole tables at any of ${KILLS} points, and the next one finishes`,
    {timeout: 1_800_000},
    async () => {
      const entry = await installedCli()
      const home = await tempDir()
      const root = join(home, 'ws')
      await mkdir(join(root, 'server/parquet'), {recursive: true})
      const server = await startCountingServer()
      const generations = [await generation(1), await generation(2)]
      const totalBytes = generations[0]!.reduce((sum, {bytes}) => sum + bytes.length, 0)
      const env = {
        ...{HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't'},
        AGNES_PULL_CHUNK_THRESHOLD_BYTES: String(4 * MIB),
      }
      const start = () =>
        spawnProcess(process.execPath, [entry, 'pull', '--json', '--workspace', root], {env})
      const files = new NodeFiles(root, systemRandom)
      const random = seeded(20260131)
      let interrupted = 0

      server.publish(generations[1]!)
      expect((await start().ended).exitCode).toBe(0)
      for (let turn = 0; turn < KILLS; turn++) {
        const [fresh, freshVersion] = [generations[turn % 2]!, (turn % 2) + 1]
        server.publish(fresh)
        const run = start()
        // Half of the kills fall into the transfers, half into what follows the last byte.
        const point = random()
        await Promise.race([
          server.sent(point < 0.5 ? Math.floor(point * 2 * totalBytes) : totalBytes),
          run.ended,
        ])
        await Promise.race([delay(point < 0.5 ? 0 : (point - 0.5) * 600), run.ended])
        run.child.kill('SIGKILL')
        if ((await run.ended).signal === 'SIGKILL') interrupted++
        const sentBytes = server.sentBytes

        const sql =
          "SELECT 'big' t, min(v), max(v), count(*) FROM big UNION ALL SELECT 'small', min(v), max(v), count(*) FROM small UNION ALL SELECT 'split', min(v), max(v), count(*) FROM split ORDER BY 1"
        const answer = await runCli(['query', sql, '--format', 'csv', '--workspace', root], {env})
        expect({turn, exitCode: answer.exitCode, stderr: answer.stderr}).toEqual({
          turn,
          exitCode: 0,
          stderr: '',
        })
        const rows = answer.stdout
          .trim()
          .split('\n')
          .slice(1)
          .map((line) => line.split(','))
        expect(rows.map(([table, low, high, count]) => [table, low === high, count])).toEqual([
          ['big', true, '1300000'],
          ['small', true, '20000'],
          ['split', true, '180000'],
        ])

        const {state} = await readSyncState(files)
        const done = [...state.tables.values()].filter(({name}) =>
          rows.some(([table, low]) => table === name && low === String(freshVersion)),
        )
        const askedBefore = server.asked.length
        const next = await start().ended
        expect({turn, exitCode: next.exitCode, stderr: next.stderr}).toEqual({
          turn,
          exitCode: 0,
          stderr: '',
        })
        const askedAgain = server.asked.slice(askedBefore).map((name) => name.split('/')[0])
        for (const {name} of done) expect(askedAgain).not.toContain(name)
        // Small files are fetched anew, an open range loses at most this much.
        expect(server.sentBytes - sentBytes).toBeLessThanOrEqual(totalBytes)
        expect(server.sentBytes).toBeLessThanOrEqual(totalBytes + 4 * AGAIN_BYTES)
        const after = await runCli(
          [
            'query',
            'SELECT (SELECT min(v) FROM big), (SELECT min(v) FROM small), (SELECT min(v) FROM tiny), (SELECT min(v) FROM split)',
            '--format',
            'csv',
            '--workspace',
            root,
          ],
          {env},
        )
        expect(after.stdout.trim().split('\n')[1]).toBe(Array(4).fill(freshVersion).join(','))
        expect(await leftovers(root)).toEqual([])
      }
      expect(interrupted).toBeGreaterThan(KILLS / 2)
    },
  )
})
