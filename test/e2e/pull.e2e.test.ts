import {mkdir, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import {startCountingServer, type PublishedFile} from '../support/counting-server.js'
import {installedCli} from '../support/installed-cli.js'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {repositoryRoot, runCli} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {tempDir} from '../support/temp-dir.js'
import {startTestServer} from '../support/test-server.js'
import {parquet} from '../unit/sync/pull-world.js'

async function place() {
  const home = await tempDir()
  const root = join(home, 'ws')
  await mkdir(join(root, 'server/parquet'), {recursive: true})
  const catalog = join(root, 'user/duckdb/analytics.duckdb')
  const sql = async (...statements: string[]) => {
    const session = await new DuckDbWarehouse().open({path: catalog, access: 'write'})
    try {
      for (const statement of statements.slice(0, -1)) await session.run(statement)
      return await session.rows(statements.at(-1)!)
    } finally {
      await session.close()
    }
  }
  const agnes = (origin: string, ...argv: string[]) =>
    runCli([...argv, '--workspace', root], {
      env: {HOME: home, AGNES_SERVER: origin, AGNES_TOKEN: 't'},
    })
  return {home, root, catalog, sql, agnes}
}

const flat = async (table: string, rows: number): Promise<PublishedFile> => ({
  ...{table, part: null},
  bytes: await parquet(rows),
})

describe('agnes pull, with others around', () => {
  it(
    'lets one of eight at once work; the rest wait, or return 11 with --quiet',
    {timeout: 120_000},
    async () => {
      const entry = await installedCli()
      const {home, root, agnes} = await place()
      const server = await startCountingServer()
      server.publish([await flat('a', 300_000), await flat('b', 10)])
      const env = {HOME: home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't'}
      const pulls = Array.from({length: 8}, (_, index) => {
        const flags = index % 2 === 0 ? ['--quiet'] : ['--json']
        return spawnProcess(process.execPath, [entry, 'pull', ...flags, '--workspace', root], {env})
      })
      const ends = await Promise.all(pulls.map(({ended}) => ended))
      const codes = ends.map(({exitCode}) => exitCode)
      expect(codes.filter((_, index) => index % 2 === 1)).toEqual([0, 0, 0, 0])
      for (const code of codes) expect([0, 11]).toContain(code)
      expect(server.asked.toSorted()).toEqual(['a', 'b'])
      const {stdout} = await agnes(
        server.origin,
        'query',
        'SELECT count(*) FROM a',
        '--format',
        'csv',
      )
      expect(stdout.trim().split('\n')[1]).toBe('300000')
    },
  )

  it(
    'succeeds while a reader holds the catalog, and queries see the new data',
    {timeout: 180_000},
    async () => {
      const {catalog, agnes, sql} = await place()
      const server = await startCountingServer()
      server.publish([await flat('a', 3)])
      await agnes(server.origin, 'pull')
      const api = join(repositoryRoot, 'node_modules/@duckdb/node-api/lib/index.js')
      const script = `import {DuckDBInstance} from '${api}'
      const instance = await DuckDBInstance.create('${catalog}', {access_mode: 'READ_ONLY'})
      const connection = await instance.connect()
      console.log('reading')
      setInterval(() => connection, 1000)`
      const reader = spawnProcess(process.execPath, ['--input-type=module', '-e', script])
      await reader.sees('reading')
      server.publish([await flat('a', 4), await flat('b', 5)])
      const pulled = await agnes(server.origin, 'pull', '--json')
      expect([pulled.exitCode, pulled.json.catalog.state]).toEqual([0, 'behind'])
      expect(pulled.json.warnings.join()).toContain('analytics.duckdb')
      const query = 'SELECT (SELECT sum(n) FROM a), (SELECT sum(n) FROM b)'
      const answer = await agnes(server.origin, 'query', query, '--format', 'csv')
      expect(answer.stdout.trim().split('\n')[1]).toBe('10,15')
      reader.child.kill('SIGKILL')
      await reader.ended
      const next = await agnes(server.origin, 'pull', '--json')
      expect(next.json).toMatchObject({isUpToDate: true, catalog: {state: 'updated', behind: null}})
      expect(await sql('SELECT sum(n)::INTEGER FROM b')).toEqual([[15]])
    },
  )

  it(
    'leaves the tables and views of the user alone for 100 pulls',
    {timeout: 300_000},
    async () => {
      const {agnes, sql} = await place()
      const server = await startCountingServer()
      const versions = [[await flat('a', 3), await flat('mine', 9)], [await flat('a', 4)]]
      server.publish(versions[0]!)
      await agnes(server.origin, 'pull')
      await sql(
        'DROP VIEW mine',
        'CREATE TABLE mine AS SELECT 42 AS x',
        'CREATE VIEW my_view AS SELECT sum(n) AS s FROM a',
        'SELECT 1',
      )
      for (let turn = 1; turn <= 100; turn++) {
        server.publish(versions[turn % 2]!)
        expect((await agnes(server.origin, 'pull')).exitCode).toBe(0)
      }
      expect(await sql('SELECT x, s::INTEGER FROM mine, my_view')).toEqual([[42, 6]])
    },
  )
})

describe('agnes pull, from recorded and hostile servers', () => {
  it.each(recordedVersions)('brings what %s lists', async (version) => {
    const {agnes} = await place()
    const server = await startTestServer()
    const exchanges = recorded(version)
    const manifest = exchanges.find(({label}) => label === 'sync: manifest (analyst)')!
    const body = JSON.parse(manifest.response.body.text ?? '') as {tables: Record<string, object>}
    server.json('/api/sync/manifest', body)
    const bundle = exchanges.find(({label}) => label === 'memory: bundle')!
    server.json('/api/memory/bundle', JSON.parse(bundle.response.body.text ?? ''))
    const weather = exchanges.find(({label}) => label === 'data: download weather')!
    server.file('/api/data/weather/download', recordedBytes(weather.response.body))
    server.on('GET', /^\/api\/data\/(?!weather)/, () => ({
      status: 403,
      body: {detail: 'Access denied to this table'},
    }))
    const {json, exitCode} = await agnes(server.origin, 'pull', '--json')
    expect(exitCode).toBe(12)
    expect(json.downloaded).toMatchObject([{table: 'weather', bytes: 14446, rows: 1461}])
    const others = Object.keys(body.tables).filter((name) => name !== 'weather')
    expect(json.failed.map(({table}: {table: string}) => table)).toEqual(others.sort())
    expect(json.notes).toMatchObject({state: 'updated', files: 2})
    const {stdout} = await agnes(
      server.origin,
      'query',
      'SELECT count(*) FROM weather',
      '--format',
      'csv',
    )
    expect(stdout.trim().split('\n')[1]).toBe('1461')
  })

  it(
    'takes a list of 10,000 tables, and hostile names among them',
    {timeout: 180_000},
    async () => {
      const {agnes, root, home} = await place()
      const server = await startTestServer()
      const rows = Array.from({length: 10_000}, (_, index) => [
        `t${index}`,
        {query_mode: 'remote', hash: '', rows: 0},
      ])
      const names = [
        '../../evil',
        'a\0b',
        '"; DROP TABLE x; --',
        "'",
        'CON',
        '..',
        'x'.repeat(4096),
      ]
      const row = {query_mode: 'local', hash: '0'.repeat(32), size_bytes: 5, rows: 1}
      const tables = Object.fromEntries([...rows, ...names.map((name) => [name, row])])
      server.json('/api/sync/manifest', {tables})
      server.json('/api/memory/bundle', {mandatory: [], approved: []})
      const before = await readdir(home)
      const {json, exitCode} = await agnes(server.origin, 'pull', '--json')
      expect(exitCode).toBe(0)
      expect([json.remote.length, json.skipped.length]).toEqual([10_000, names.length])
      expect(server.requests.filter(({path}) => path.startsWith('/api/data'))).toEqual([])
      expect(await readdir(home)).toEqual(before)
      expect(await readdir(join(root, 'server/parquet'))).toEqual([])
    },
  )
})
