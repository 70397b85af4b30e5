import {readdir, readFile, writeFile} from 'node:fs/promises'
import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {runCli, type RunOutcome} from '../support/run-cli.js'

/** Against the demo of the embedded server, in a workspace that `init` made. */

let server: EmbeddedServer
let home: string
let root: string

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'agnes-test-')))
  root = join(home, 'ws')
  server = await startEmbeddedServer({
    demo: {scale: 0.1},
    dir: join(home, 'served'),
    isShared: true,
  })
  const {exitCode} = await agnes(['init', root, '--server-url', server.url])
  expect(exitCode).toBe(0)
}, 60_000)
afterAll(async () => {
  await server.close()
  await rm(home, {recursive: true, force: true})
})

afterEach(async () => {
  await agnes(['snapshot', 'prune', '--yes'])
})

function agnes(argv: string[], options: {tty?: boolean; stdin?: string} = {}): Promise<RunOutcome> {
  const env = {
    HOME: home,
    AGNES_SERVER: server.url,
    AGNES_TOKEN: server.analystToken,
    AGNES_LOCAL_DIR: root,
  }
  return runCli(argv, {env, currentDir: home, ...options})
}

async function views(): Promise<unknown[]> {
  const path = join(root, 'user/duckdb/analytics.duckdb')
  const session = await new DuckDbWarehouse().open({path, access: 'read'})
  try {
    const rows = await session.rows(
      'SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1',
    )
    return rows.map(([name]) => name)
  } finally {
    await session.close()
  }
}

async function snapshotFiles(): Promise<string[]> {
  return (await readdir(join(root, 'user/snapshots')).catch(() => [])).sort()
}

const WHERE = "event_date >= DATE '2025-02-01' AND event_date < DATE '2025-03-01'"

describe('a snapshot of a remote table', () => {
  it('is estimated without being fetched, whatever else is given', async () => {
    const argv = ['snapshot', 'create', 'web_sessions', '--estimate', '--no-estimate', '--force']
    const {json, exitCode} = await agnes([...argv, '--where', WHERE, '--json'])
    expect(exitCode).toBe(0)
    expect(json.estimate.scanBytes).toBeGreaterThan(0)
    expect(json.snapshot).toBeNull()
    expect(await snapshotFiles()).toEqual([])
    const shown = await agnes(argv, {tty: true})
    expect(shown.stdout).toContain('Estimate for web_sessions:')
  })

  it('goes from create to query, refresh and drop', async () => {
    const argv = [
      'snapshot',
      'create',
      'web_sessions',
      '--where',
      WHERE,
      '--as',
      'feb',
      '--ttl',
      '7d',
    ]
    const made = await agnes([...argv, '--json'])
    expect(made.exitCode, made.stdout).toBe(0)
    expect(made.json.view).toEqual({state: 'registered', why: null})
    const {rows} = made.json.snapshot
    expect(rows).toBeGreaterThan(0)
    expect(await snapshotFiles()).toEqual(['feb.meta.json', 'feb.parquet'])
    expect(await views()).toContain('feb')

    const joined = 'SELECT count(*) FROM feb WHERE (SELECT count(*) FROM customers) > 0'
    const counted = await agnes(['query', joined, '--json'])
    expect(counted.json.rows).toEqual([[rows]])

    const sidecar = JSON.parse(await readFile(join(root, 'user/snapshots/feb.meta.json'), 'utf8'))
    expect(Object.keys(sidecar)).toEqual(BASELINE_KEYS)
    expect(sidecar.fetched_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)

    const again = await agnes(argv)
    expect(again).toMatchObject({exitCode: 6, stdout: ''})

    const refreshed = await agnes(['snapshot', 'refresh', 'feb', '--json'])
    expect(refreshed.json).toMatchObject({rowsBefore: rows, rows, rowsDelta: 0, identical: true})
    const narrowed = await agnes(['snapshot', 'refresh', 'feb', '--where', `${WHERE} AND 1 = 0`])
    expect(narrowed.stdout).toContain(`rows\t${rows}\t0\t-${rows}`)
    const empty = await agnes(['query', 'FROM feb', '--format', 'csv'])
    expect(empty.stdout).toContain('event_date')

    expect((await agnes(['pull'])).exitCode).toBe(0)
    expect(await views()).toContain('feb')
    const listed = await agnes(['snapshot', 'list', '--json'])
    expect(listed.json.snapshots).toMatchObject([{name: 'feb', state: 'ok', isExpired: false}])

    expect((await agnes(['snapshot', 'drop', 'feb'])).exitCode).toBe(0)
    expect(await snapshotFiles()).toEqual([])
    expect(await readdir(join(root, '.claude/agnes/snapshots'))).toEqual([])
    expect(await views()).not.toContain('feb')
    expect((await agnes(['snapshot', 'show', 'feb'])).exitCode).toBe(4)
  })

  it('over the ceiling is refused before the fetch, with the numbers', async () => {
    const {exitCode, json} = await agnes([
      'snapshot',
      'create',
      'web_sessions',
      '--max-bytes',
      '10',
      '--json',
    ])
    expect(exitCode).toBe(14)
    expect(json.error).toMatchObject({code: 'scan_too_large', details: {maxBytes: 10}})
    expect(await snapshotFiles()).toEqual([])
  })

  it.each([
    ['a table that is not there', ['web_session'], 4, 'Did you mean web_sessions?'],
    [
      'a column that is not there',
      ['web_sessions', '--select', 'devise'],
      2,
      'Did you mean device?',
    ],
    ['an unclosed text', ['web_sessions', '--where', "device = 'x"], 2, 'not closed'],
    ['a function servers refuse', ['web_sessions', '--where', 'MD5(device) = 1'], 2, 'MD5'],
    ['a name that is no name', ['web_sessions', '--as', 'a-b'], 2, '--as NAME'],
    ['a reserved name', ['web_sessions', '--as', 'main'], 2, 'reserved'],
    ['a pulled table under its own name', ['customers'], 6, '--as NAME'],
  ])('of %s is refused', async (_title, argv, exitCode, text) => {
    const outcome = await agnes(['snapshot', 'create', ...argv])
    expect([outcome.exitCode, outcome.stderr]).toEqual([exitCode, expect.stringContaining(text)])
    expect(await snapshotFiles()).toEqual([])
  })

  it('whose table is withdrawn later is refused by queries', async () => {
    await agnes([
      'snapshot',
      'create',
      'web_sessions',
      '--where',
      WHERE,
      '--as',
      'gone',
      '--limit',
      '5',
    ])
    const recordFile = join(root, '.claude/agnes/snapshots/gone.json')
    const record = JSON.parse(await readFile(recordFile, 'utf8'))
    expect(record.sources).toEqual([{name: 'web_sessions', wasListed: true}])
    const other = {...record, sources: [{name: 'no_longer_listed', wasListed: true}]}
    await writeFile(recordFile, JSON.stringify({...other, fetchedAt: '2020-01-01T00:00:00.000Z'}))
    const {exitCode, stderr} = await agnes(['query', 'FROM gone'])
    expect([exitCode, stderr]).toEqual([8, expect.stringContaining('no_longer_listed')])
    await writeFile(recordFile, JSON.stringify(record))
    expect((await agnes(['query', 'FROM gone'])).exitCode).toBe(0)
  })

  it('is pruned by rule, and all of them only when asked', async () => {
    for (const name of ['a1', 'a2'])
      await agnes([
        'snapshot',
        'create',
        'web_sessions',
        '--where',
        WHERE,
        '--as',
        name,
        '--limit',
        '5',
      ])
    await writeFile(join(root, 'user/snapshots/odd.meta.json'), 'not json')
    const refused = await agnes(['snapshot', 'prune'])
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect((await agnes(['snapshot', 'prune', '--older-than', '1d'])).stdout).toBe('')
    const shown = await agnes(['snapshot', 'prune', '--dry-run'])
    expect(shown.stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
      'a1',
      'a2',
      'odd',
      '',
    ])
    const declined = await agnes(['snapshot', 'prune'], {tty: true, stdin: 'n\n'})
    expect(declined.exitCode).toBe(2)
    expect((await agnes(['snapshot', 'prune', '--yes'])).exitCode).toBe(0)
    expect(await snapshotFiles()).toEqual([])
    expect(await views()).not.toContain('a1')
  })
})

const BASELINE_KEYS = [
  'name',
  'table_id',
  'select',
  'where',
  'limit',
  'order_by',
  'fetched_at',
  'effective_as_of',
  'rows',
  'bytes_local',
  'estimated_scan_bytes_at_fetch',
  'result_hash_md5',
]
