import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {tableFromArrays, tableToIPC} from 'apache-arrow'
import {describe, expect, it} from 'vitest'
import {repositoryRoot} from '../support/run-cli.js'
import {stall} from '../support/server-faults.js'
import {spawnProcess, type Spawned} from '../support/spawn-node.js'
import {tempWorkspace} from '../support/temp-workspace.js'
import {startTestServer, type Route} from '../support/test-server.js'

const binary = join(repositoryRoot, 'bin/run.js')
const ROWS = 50_000
const BYTES = tableToIPC(
  tableFromArrays({a: Int32Array.from({length: ROWS}, (_, i) => i)}),
  'stream',
)

interface Setting {
  root: string
  scan: Route
  spawn(...argv: string[]): Spawned
  /** Everything in the workspace that a snapshot may leave, by name. */
  left(): Promise<Record<string, string[]>>
}

async function setting(): Promise<Setting> {
  const server = await startTestServer()
  const estimate = {table_id: 'zoo', estimated_scan_bytes: 0, estimated_result_rows: ROWS}
  server.on('POST', '/api/v2/scan/estimate', () => ({status: 200, body: estimate}))
  const headers = {'content-type': 'application/vnd.apache.arrow.stream'}
  const scan = server.on('POST', '/api/v2/scan', () => ({status: 200, headers, body: BYTES}))
  const {home, root} = await tempWorkspace({server: server.origin})
  const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 'token', TMPDIR: home}
  const list = (path: string) => readdir(join(root, path)).catch(() => [] as string[])
  return {
    root,
    scan,
    spawn: (...argv) =>
      spawnProcess(process.execPath, [binary, 'snapshot', ...argv], {env, cwd: root}),
    left: async () => ({
      snapshots: await list('user/snapshots'),
      records: await list('.claude/agnes/snapshots'),
      locks: (await list('.claude/agnes')).filter((name) => name.includes('lock')),
      spilled: (await readdir(home)).filter((name) => name.startsWith('agnes-snapshot')),
    }),
  }
}

async function asked(scan: Route, times: number): Promise<void> {
  while (scan.asked < times) await new Promise(setImmediate)
}

const NOTHING = {snapshots: [], records: [], locks: [], spilled: []}
const KEPT = {snapshots: ['kept.meta.json', 'kept.parquet'], records: ['kept.json']}

describe('agnes snapshot, spawned', () => {
  it.each([
    ['SIGINT', 130, 0],
    ['SIGINT', 130, 100_000],
    ['SIGTERM', 143, 100_000],
  ] as const)(
    'create leaves nothing behind after %s (exit %i, %i bytes in)',
    async (signal, exitCode, bytes) => {
      const {scan, spawn, left} = await setting()
      scan.faults(stall(bytes).times(Infinity))
      const running = spawn('create', 'zoo', '--as', 'kept', '--json')
      await asked(scan, 1)
      running.child.kill(signal)
      const {exitCode: given, stdout} = await running.ended
      expect([given, JSON.parse(stdout).error.code]).toEqual([exitCode, 'interrupted'])
      expect(await left()).toEqual(NOTHING)
    },
  )

  it('refresh keeps the old snapshot after Ctrl-C, and works again', async () => {
    const {root, scan, spawn, left} = await setting()
    expect((await spawn('create', 'zoo', '--as', 'kept').ended).exitCode).toBe(0)
    const before = await left()
    expect(before).toMatchObject(KEPT)
    const bytes = await readFile(join(root, 'user/snapshots/kept.parquet'))
    scan.faults(stall(100_000))
    const running = spawn('refresh', 'kept')
    await asked(scan, 2)
    running.child.kill('SIGINT')
    expect((await running.ended).exitCode).toBe(130)
    expect(await left()).toEqual(before)
    expect(await readFile(join(root, 'user/snapshots/kept.parquet'))).toEqual(bytes)
    const {exitCode, stdout} = await spawn('refresh', 'kept', '--json').ended
    expect([exitCode, JSON.parse(stdout).identical]).toEqual([0, true])
  })

  it('lets one of two that make the same name win, whole', async () => {
    const {root, scan, spawn, left} = await setting()
    const racers = [1, 2, 3].map(() => spawn('create', 'zoo', '--as', 'kept', '--json'))
    const outcomes = await Promise.all(racers.map(({ended}) => ended))
    const codes = outcomes.map(({exitCode}) => exitCode).sort()
    expect(codes[0], JSON.stringify(outcomes)).toBe(0)
    for (const code of codes.slice(1)) expect([6, 11]).toContain(code)
    expect(await left()).toMatchObject(KEPT)
    expect(scan.asked).toBeGreaterThan(0)
    const sidecar = JSON.parse(await readFile(join(root, 'user/snapshots/kept.meta.json'), 'utf8'))
    expect(sidecar.rows).toBe(ROWS)
    const listed = await spawn('list', '--json').ended
    expect(JSON.parse(listed.stdout).snapshots).toMatchObject([{name: 'kept', state: 'ok'}])
  })
})
