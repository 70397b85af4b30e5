import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startCountingServer} from '../support/counting-server.js'
import {flatTable} from '../support/flat-table.js'
import {installedCli} from '../support/installed-cli.js'
import {pullPlace} from '../support/pull-place.js'
import {recorded, recordedBytes, recordedVersions} from '../support/recorded.js'
import {repositoryRoot} from '../support/run-cli.js'
import {spawnProcess} from '../support/spawn-node.js'
import {startTestServer} from '../support/test-server.js'

describe('agnes pull, with others around', () => {
  it(
    'lets one of eight at once work; the rest wait, or return 11 with --quiet',
    {timeout: 120_000},
    async () => {
      const entry = await installedCli()
      const {home, root, agnes} = await pullPlace()
      const server = await startCountingServer()
      server.publish([await flatTable('a', 300_000), await flatTable('b', 10)])
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
      const {catalog, agnes, sql} = await pullPlace()
      const server = await startCountingServer()
      server.publish([await flatTable('a', 3)])
      await agnes(server.origin, 'pull')
      const api = join(repositoryRoot, 'node_modules/@duckdb/node-api/lib/index.js')
      const script = `import {DuckDBInstance} from '${api}'
      const instance = await DuckDBInstance.create('${catalog}', {access_mode: 'READ_ONLY'})
      const connection = await instance.connect()
      console.log('reading')
      setInterval(() => connection, 1000)`
      const reader = spawnProcess(process.execPath, ['--input-type=module', '-e', script])
      await reader.sees('reading')
      server.publish([await flatTable('a', 4), await flatTable('b', 5)])
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
})

describe('agnes pull, from recorded and hostile servers', () => {
  it.each(recordedVersions)('brings what %s lists', async (version) => {
    const {agnes} = await pullPlace()
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
      const {agnes, root, home} = await pullPlace()
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
