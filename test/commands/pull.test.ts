import {mkdir, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {FileLock} from '../../src/lib/adapters/file-lock.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {workspacePaths} from '../../src/lib/config/paths.js'
import {runCli} from '../support/run-cli.js'
import {parquet, pullWorld} from '../unit/sync/pull-world.js'

async function place() {
  const world = await pullWorld()
  const {root, server} = world
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  const env = {HOME: root, AGNES_SERVER: server.origin, AGNES_TOKEN: 't', AGNES_STREAM_RETRIES: '0'}
  const agnes = (argv: string[], options: {tty?: boolean} = {}) =>
    runCli([...argv, '--workspace', root], {...options, env})
  return {...world, agnes}
}

describe('agnes pull', () => {
  it('tells a person what came, what went, and how much', async () => {
    const {publish, agnes, root, server} = await place()
    publish({old: await parquet(3)})
    await agnes(['pull'])
    publish({orders: await parquet(3), web: {query_mode: 'remote', hash: ''}})
    const {stdout, exitCode} = await agnes(['pull'], {tty: true})
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`${root} <- ${server.origin}`)
    expect(stdout).toMatch(/fetched {2}orders \(\d+ B, 3 rows\)/)
    expect(stdout).toContain('old: you may not see it any more')
    expect(stdout).toContain('on the server only: web')
    expect(stdout).toMatch(/1 table fetched \(\d+ B\), 1 here in all, [\d.]+ s\./)
  })

  it('says one line when there is nothing to do', async () => {
    const {publish, agnes} = await place()
    publish({orders: await parquet(3)})
    await agnes(['pull'])
    const again = await agnes(['pull'], {tty: true})
    expect(again.stdout).toMatch(/^Everything is up to date: 1 table \([\d.]+ s\)\. .*\n$/)
    expect(again.stderr).toBe('')
    expect((await agnes(['pull'])).stdout).toBe('up_to_date\t\t\t1 table\n')
  })

  it('gives a pipe one tab-separated line per table', async () => {
    const {publish, agnes} = await place()
    publish({b: await parquet(3), a: await parquet(4), c: {hash: null, query_mode: 'materialized'}})
    const {stdout} = await agnes(['pull'])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t').filter((_, cell) => cell !== 2)),
    ).toEqual([
      ['fetched', 'a', 'new'],
      ['fetched', 'b', 'new'],
      ['skipped', 'c', 'not_materialized'],
    ])
  })

  it('gives one document with --json and the documented keys', async () => {
    const {publish, agnes} = await place()
    publish({orders: await parquet(3)})
    const {json, stderr, exitCode} = await agnes(['pull', '--json'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(Object.keys(json)).toEqual([
      ...[
        'workspace',
        'server',
        'ok',
        'isPlanOnly',
        'isUpToDate',
        'downloaded',
        'adopted',
        'kept',
        'pruned',
      ],
      ...[
        'skipped',
        'remote',
        'failed',
        'bytes',
        'notes',
        'catalog',
        'blockedSnapshots',
        'durationMs',
        'warnings',
      ],
    ])
    expect(Object.keys(json.notes)).toEqual([
      'state',
      'files',
      'written',
      'removed',
      'error',
      'warnings',
    ])
    expect(json.downloaded).toEqual([
      {table: 'orders', bytes: expect.any(Number), rows: 3, reason: 'new'},
    ])
  })

  it.each([
    ['text', []],
    ['--quiet', ['--quiet']],
    ['--json', ['--json']],
  ])('ends with 12 when a table failed, in %s', async (_, flags) => {
    const {publish, agnes, server} = await place()
    publish({good: await parquet(3), bad: await parquet(4)})
    server.on('GET', '/api/data/bad/download', () => ({
      status: 403,
      body: {detail: 'Access denied to this table'},
    }))
    const {exitCode, stdout, stderr} = await agnes(['pull', ...flags])
    expect(exitCode).toBe(12)
    if (flags[0] === '--json') {
      const document = JSON.parse(stdout) as {ok: boolean; failed: object[]}
      expect(document).toMatchObject({ok: false, failed: [{table: 'bad', code: 'forbidden'}]})
      return
    }
    expect(stderr).toContain('bad: Access denied to this table')
    expect(stdout.includes('good')).toBe(flags.length === 0)
  })

  it.each([[[]], [['--quiet']], [['--json']]])(
    'ends with 7 when the token is refused, with %j',
    async (flags) => {
      const {publish, agnes, server, here} = await place()
      publish({a: await parquet(3)})
      await agnes(['pull'])
      server.on('GET', '/api/sync/manifest', () => ({status: 401, body: {detail: 'Token revoked'}}))
      expect((await agnes(['pull', ...flags])).exitCode).toBe(7)
      expect(here('server/parquet/a.parquet')).toBe(true)
    },
  )

  it('says nothing with --quiet when all is well', async () => {
    const {publish, agnes} = await place()
    publish({a: await parquet(3), '../evil': await parquet(3)})
    const {stdout, stderr, exitCode} = await agnes(['pull', '--quiet'])
    expect([stdout, stderr, exitCode]).toEqual(['', '', 0])
  })

  it('prints the plan with bytes and free space, and changes nothing', async () => {
    const {publish, agnes, root} = await place()
    publish({orders: await parquet(3)})
    const before = await readdir(root, {recursive: true})
    const {stdout} = await agnes(['pull', '--plan'], {tty: true})
    expect(stdout).toMatch(/to fetch {2}orders/)
    expect(stdout).toMatch(
      /Plan: 1 table to fetch \(\d+ B\), 0 to remove, .* free on the disk\. Nothing was changed\./,
    )
    expect(await readdir(root, {recursive: true})).toEqual(before)
  })

  it('gives up at once with --quiet while another pull runs, and says who waits otherwise', async () => {
    const {publish, agnes, root} = await place()
    publish({orders: await parquet(3)})
    const lock = new FileLock(join(root, workspacePaths.pullLock), systemClock)
    let waiting: ReturnType<typeof agnes> | undefined
    await lock.hold({waitMs: 0, command: 'agnes pull'}, async () => {
      const refused = await agnes(['pull', '--quiet'])
      expect([refused.exitCode, refused.stderr.includes(`process ${process.pid}`)]).toEqual([
        11,
        true,
      ])
      waiting = agnes(['pull'])
    })
    const {exitCode} = (await waiting)!
    expect(exitCode).toBe(0)
  })

  it('shows hostile names as harmless text', async () => {
    const {publish, agnes} = await place()
    publish({'\u001B[2Jevil\n': await parquet(3), a: await parquet(3)})
    const {stdout} = await agnes(['pull'])
    expect(stdout).not.toContain('\u001B')
    expect(stdout.trim().split('\n')).toHaveLength(2)
  })
})
