import {readdir, readFile, writeFile} from 'node:fs/promises'
import {mkdir, mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {viewsOf} from '../support/engine.js'
import {words} from '../docs/printed-commands.js'
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

const views = () => viewsOf(join(root, 'user/duckdb/analytics.duckdb'))

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

  it('over the ceiling is refused before the fetch, with advice that works', async () => {
    const argv = ['snapshot', 'create', 'web_sessions', '--select', 'device', '--max-bytes', '10']
    const {exitCode, json} = await agnes([...argv, '--json'])
    expect(exitCode).toBe(14)
    expect(json.error).toMatchObject({
      code: 'over_max_bytes',
      details: {maxBytes: 10, table: 'web_sessions'},
    })
    const [, part] = /: agnes (snapshot create .* --estimate)/.exec(json.error.hint)!
    expect(part).toBe(
      `snapshot create web_sessions --select device --where "event_date >= DATE '2026-01-01'" --estimate`,
    )
    const advised = await agnes([...words(part!), '--json'])
    expect(advised.exitCode).toBe(0)
    expect(advised.json.estimate.scanBytes).toBeLessThan(json.error.details.scanBytes)
    const [, allowed] = /--max-bytes (\d+)$/.exec(json.error.hint)!
    expect((await agnes([...argv.slice(0, -1), allowed!, '--as', 'all'])).exitCode).toBe(0)
  })

  it('carries the ceiling to the server where no estimate is wanted', async () => {
    const argv = ['snapshot', 'create', 'web_sessions', '--no-estimate', '--max-bytes', '10']
    const {exitCode, json} = await agnes([...argv, '--json'])
    expect([exitCode, json.error.code]).toEqual([14, 'remote_scan_too_large'])
    expect(json.error.message).toContain('the ceiling is 10')
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
    expect(await views()).toContain('gone')
    const listed = await agnes(['snapshot', 'list', '--json'])
    expect(listed.json.snapshots).toMatchObject([{withdrawnSource: 'no_longer_listed'}])
    expect(await views()).not.toContain('gone')
    await writeFile(recordFile, JSON.stringify(record))
    expect((await agnes(['query', 'FROM gone'])).exitCode).toBe(0)
  })

  it('whose grant goes loses its view at the next pull, and its file stays', async () => {
    const argv = ['snapshot', 'create', 'web_sessions', '--where', WHERE, '--limit', '5']
    expect((await agnes([...argv, '--as', 'lost'])).exitCode).toBe(0)
    expect(await views()).toContain('lost')
    const grants = [...server.state.all('grants')].filter(
      ({resourceId}) => resourceId === 'web_sessions',
    )
    await server.state.update(() => ({
      changes: grants.map(({id}) => ({drop: 'grants' as const, key: [id]})),
      result: undefined,
    }))
    const pulled = await agnes(['pull', '--json'])
    expect(pulled.exitCode, pulled.stdout).toBe(0)
    expect(await views()).not.toContain('lost')
    expect(await snapshotFiles()).toContain('lost.parquet')
    expect((await agnes(['query', 'FROM lost'])).exitCode).toBe(8)
    expect((await agnes(['snapshot', 'refresh', 'lost'])).exitCode).toBe(8)
    await server.state.update(() => ({
      changes: grants.map((row) => ({put: 'grants' as const, row})),
      result: undefined,
    }))
    await agnes(['pull'])
    expect((await agnes(['snapshot', 'refresh', 'lost'])).exitCode).toBe(0)
    expect(await views()).toContain('lost')
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

describe('a snapshot of a whole query', () => {
  const sql = `SELECT device, count(*) AS n FROM web_sessions WHERE ${WHERE} GROUP BY 1`
  const create = ['snapshot', 'create', 'devices', '--from-query', sql]

  it('is estimated first, kept with its types, and fetched again by its query', async () => {
    const only = await agnes([...create, '--estimate', '--json'])
    expect(only.json).toMatchObject({snapshot: null, estimate: {engine: 'duckdb'}})
    expect(only.json.estimate.scanBytes).toBeGreaterThan(0)
    const made = await agnes([...create, '--json'])
    expect(made.exitCode, made.stdout).toBe(0)
    expect(made.json.estimate).toEqual(only.json.estimate)
    expect(made.json.snapshot.recipe).toMatchObject({fromQuery: sql, table: 'devices'})
    const {json} = await agnes([
      'query',
      'SELECT typeof(n), count(*) FROM devices GROUP BY 1',
      '--json',
    ])
    expect(json.rows).toEqual([['BIGINT', 3]])
    const refreshed = await agnes(['snapshot', 'refresh', 'devices', '--json'])
    expect(refreshed.json).toMatchObject({rowsBefore: 3, rows: 3, rowsDelta: 0})
  })

  it('is refused above the ceiling, by the estimate and by the server', async () => {
    const {json, exitCode} = await agnes([...create, '--max-bytes', '10', '--json'])
    expect([exitCode, json.error.code]).toEqual([14, 'over_max_bytes'])
    const sent = await agnes([...create, '--max-bytes', '10', '--no-estimate', '--json'])
    expect([sent.exitCode, sent.json.error.code]).toEqual([14, 'remote_scan_too_large'])
    expect(await snapshotFiles()).toEqual([])
  })

  it.each([
    ['wrong SQL', 'x', 'SELECT devise FROM web_sessions', 13, 'devise'],
    ['a table without a grant', 'x', 'SELECT * FROM payroll', 8, 'payroll'],
    ['a table that is not there', 'x', 'SELECT * FROM nope', 13, 'nope'],
    ['a write', 'x', 'DELETE FROM orders', 13, 'SELECT'],
    ['the name of a table', 'web_sessions', 'SELECT 1 AS one', 6, 'name of a table'],
  ])('is refused for %s, also before the fetch', async (_what, name, query, exitCode, told) => {
    for (const extra of [['--estimate'], ['--no-estimate']]) {
      const argv = ['snapshot', 'create', name, '--from-query', query, ...extra]
      const outcome = await agnes(argv)
      expect([outcome.exitCode, outcome.stderr]).toEqual([exitCode, expect.stringContaining(told)])
    }
    expect(await snapshotFiles()).toEqual([])
  })
})

describe('a server that the workspace does not belong to', () => {
  it('gives no snapshot: nobody here would notice when its table is withdrawn', async () => {
    const env = {HOME: home, AGNES_SERVER: 'http://127.0.0.1:9', AGNES_TOKEN: 'none'}
    const argv = ['snapshot', 'create', 'web_sessions', '--as', 'theirs', '--limit', '5']
    const {exitCode, stderr} = await runCli(argv, {env, currentDir: root})
    expect([exitCode, stderr.includes(`belongs to ${server.url}`)]).toEqual([6, true])
    expect(stderr).toContain('Unset AGNES_SERVER')
    expect(await snapshotFiles()).toEqual([])
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

it('names the tables of both rows where a replacement was cut short', async () => {
  const create = (table: string, ...more: string[]) =>
    agnes(['snapshot', 'create', table, '--limit', '5', '--as', 'cut', ...more])
  expect((await create('orders')).exitCode).toBe(0)
  // What is written after the rows fails: the sidecar's place is taken.
  const sidecar = join(root, 'user/snapshots/cut.meta.json')
  await rm(sidecar)
  await mkdir(sidecar)
  expect((await create('tickets', '--force')).exitCode).not.toBe(0)
  const record = join(root, '.claude/agnes/snapshots/cut.json')
  const {sources} = JSON.parse(await readFile(record, 'utf8')) as {sources: {name: string}[]}
  expect(sources.map(({name}) => name)).toEqual(['orders', 'tickets'])
  await rm(sidecar, {recursive: true})
  expect((await create('tickets', '--force')).exitCode).toBe(0)
  expect(JSON.parse(await readFile(record, 'utf8')).sources).toMatchObject([{name: 'tickets'}])
})
