import {mkdir, readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {startCountingServer, type PublishedFile} from '../support/counting-server.js'
import {installedCli} from '../support/installed-cli.js'
import {runCli} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'

const ROUNDS = 4
const KILLS = 50
const MIB = 1024 * 1024
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

/** The tables as one query sees them: name, lowest and highest version, rows. */
const LOOK = ['big', 'small', 'split', 'tiny']
  .map((table) => `SELECT '${table}' AS t, min(v), max(v), count(*) FROM ${table}`)
  .join(' UNION ALL ')
const ROWS: Record<string, string> = {big: '1300000', small: '20000', split: '180000', tiny: '10'}

let generations: PublishedFile[][] | undefined

async function place(seed: number) {
  generations ??= [await generation(1), await generation(2)]
  const entry = await installedCli()
  const home = await tempDir()
  const root = join(home, 'ws')
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  const server = await startCountingServer()
  const env = {
    ...{HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't'},
    AGNES_PULL_CHUNK_THRESHOLD_BYTES: String(4 * MIB),
  }
  const argv = ['pull', '--json', '--workspace', root]
  const start = () => spawnProcess(process.execPath, [entry, ...argv], {env})
  const finish = () => runCli(argv, {env})
  /** Version of each table; fails when one is torn. */
  const look = async (turn: number): Promise<Map<string, string>> => {
    const query = ['query', LOOK, '--format', 'csv', '--workspace', root]
    const {exitCode, stderr, stdout} = await runCli(query, {env})
    expect({turn, exitCode, stderr}).toEqual({turn, exitCode: 0, stderr: ''})
    const rows = stdout.trim().split('\n').slice(1)
    const versions = rows
      .map((row) => row.split(','))
      .map(([table = '', low = '', high, count]) => {
        expect([turn, table, high, count]).toEqual([turn, table, low, ROWS[table]])
        return [table, low] as const
      })
    return new Map(versions)
  }
  return {root, server, generations, start, finish, look, random: seeded(seed)}
}

describe('a pull that is killed', () => {
  it.each(Array.from({length: ROUNDS}, (_, index) => 20260131 + index))(
    `leaves whole tables at any of ${KILLS} points, and the next one finishes (seed %i)`,
    {timeout: 600_000},
    async (seed) => {
      const {root, server, generations, start, finish, look, random} = await place(seed)
      const totalBytes = generations[0]!.reduce((sum, {bytes}) => sum + bytes.length, 0)
      let interrupted = 0
      let done: string[] = []
      /** What is whole and new is not asked for again, by any pull of its generation. */
      const expectOnlyTheRest = (asked: readonly string[], turn: number) => {
        const again = asked.map((name) => name.split('/')[0])
        for (const table of done) expect(again, `turn ${turn}`).not.toContain(table)
      }
      server.publish(generations[1]!)
      expect((await finish()).exitCode).toBe(0)
      for (let turn = 0; turn < KILLS; turn++) {
        // A pull of each generation is killed, and then the one that goes on with what it left.
        const isResumed = turn % 2 === 1
        const version = Math.floor(turn / 2) % 2
        if (!isResumed) {
          server.publish(generations[version]!)
          done = []
        }
        const askedBefore = server.asked.length
        const sentBefore = Math.min(server.sentBytes, totalBytes)
        const run = start()
        // Some kills fall into the transfers, as long as there is one to come, some into what follows the last byte.
        const point = random()
        const early = sentBefore === totalBytes ? 0 : isResumed ? 0.25 : 0.75
        const share = early === 0 ? 1 : Math.min(1, point / early)
        const bytes = sentBefore + Math.floor(share * (totalBytes - sentBefore))
        await Promise.race([server.sent(bytes), run.ended])
        const late = Math.max(0, point - early) / (1 - early)
        if (late > 0) await Promise.race([delay(late * 200), run.ended])
        run.child.kill('SIGKILL')
        if ((await run.ended).signal === 'SIGKILL') interrupted++
        expectOnlyTheRest(server.asked.slice(askedBefore), turn)

        const seen = await look(turn)
        const fresh = String(version + 1)
        done = [...seen].filter(([, found]) => found === fresh).map(([table]) => table)
        if (!isResumed) continue
        const askedUntilNow = server.asked.length
        const next = await finish()
        expect({turn, exitCode: next.exitCode, stderr: next.stderr}).toMatchObject({
          turn,
          exitCode: 0,
          stderr: '',
        })
        expect(next.json.failed).toEqual([])
        expectOnlyTheRest(server.asked.slice(askedUntilNow), turn)
        expect(await leftovers(root)).toEqual([])
      }
      expect(new Set((await look(KILLS)).values())).toEqual(
        new Set([String((Math.floor((KILLS - 1) / 2) % 2) + 1)]),
      )
      expect(interrupted).toBeGreaterThan(KILLS / 2)
    },
  )
})
