import {describe, expect, it} from 'vitest'
import {queryWorkspace} from '../support/query-workspace.js'
import {startTestServer} from '../support/test-server.js'

/** What is found out before anything is sent, and before anything is run. */

async function place({knowsQueries = true} = {}) {
  const server = await startTestServer()
  server.on('POST', '/api/v2/scan/estimate', ({body}) => {
    const {table_id: name, from_query: sql} = JSON.parse(body.toString())
    if (knowsQueries)
      return {
        status: 200,
        body: {table_id: name, from_query: true, estimated_scan_bytes: sql.length},
      }
    // An older server looks at the table alone; an alias is none of its tables.
    if (sql !== undefined) return {status: 404, body: {detail: 'table not found'}}
    return {
      status: 200,
      body: {table_id: name, estimated_scan_bytes: name === 'big' ? 1_000_000 : 10},
    }
  })
  server.on('POST', '/api/query', () => ({status: 500}))
  const names = ['small', 'big']
  server.json('/api/v2/catalog', {
    tables: names.map((name) => ({id: name, name, query_mode: 'remote'})),
  })
  for (const name of names)
    server.json(`/api/v2/schema/${name}`, {
      table_id: name,
      columns: [{name: 'x', type: 'BIGINT', nullable: true, description: ''}],
    })
  server.on('POST', '/api/v2/scan', () => ({status: 500}))
  const workspace = await queryWorkspace({
    tables: {devices: 'SELECT 1 AS device'},
    snapshots: {kept: 'SELECT 1 AS one'},
    catalog:
      'CREATE TABLE mine (x INT); CREATE VIEW own AS SELECT * FROM mine; CREATE SCHEMA side; CREATE TABLE side.t (x INT)',
  })
  const env = {HOME: workspace.home, AGNES_SERVER: server.origin, AGNES_TOKEN: 't'}
  const agnes = async (argv: string[]) => {
    const {json, exitCode} = await workspace.run(['query', ...argv, '--json'], {env})
    return {code: json.error?.code, json, exitCode, sent: server.requests.map(({path}) => path)}
  }
  return {agnes, root: workspace.root}
}

const W = ['--register', 'w=SELECT 1 AS device']

describe('nothing is sent', () => {
  it.each([
    ['a table that is not here', 'FROM w JOIN device USING (device)', 'table_not_found'],
    ['one inside of a subquery', 'SELECT * FROM w WHERE device IN (FROM nope)', 'table_not_found'],
    ['one behind a wrong column', 'SELECT nope FROM w, (FROM nowhere)', 'table_not_found'],
    ['a schema that is not here', 'FROM w, elsewhere.devices', 'table_not_found'],
    ['an alias under a schema', 'FROM w, side.w', 'table_not_found'],
    ['a file that may not be read', "FROM w, '/etc/hosts.csv'", undefined],
    ['no statement at all', 'SELEC * FROM w', undefined],
    ['a statement that writes', 'CREATE TABLE x AS FROM w', 'not_a_query'],
  ])('for %s', async (_what, sql, code) => {
    const {agnes} = await place()
    const answer = await agnes([sql, ...W])
    expect(answer.sent).toEqual([])
    expect(answer.exitCode).toBe(13)
    if (code !== undefined) expect(answer.code).toBe(code)
  })

  it('and the nearest local name is told', async () => {
    const {agnes} = await place()
    const {json} = await agnes(['FROM w JOIN device USING (device)', ...W])
    expect(json.error.hint).toContain('devices')
  })
})

describe('nothing is run', () => {
  it('before every part is known to be within the ceiling', async () => {
    const {agnes} = await place()
    const long = `v=SELECT ${'1 + '.repeat(30)}1 AS n`
    const answer = await agnes(['FROM w, v', ...W, '--register', long, '--max-bytes', '50'])
    expect([answer.code, answer.exitCode]).toEqual(['over_max_bytes', 14])
    expect(answer.json.error.details.alias).toBe('v')
    expect(answer.sent).toEqual(['/api/v2/scan/estimate', '/api/v2/scan/estimate'])
  })
})

describe('nothing is run by a server that knows no whole queries', () => {
  it('before every part is known to be within the ceiling', async () => {
    const {agnes} = await place({knowsQueries: false})
    const parts = ['s=SELECT x FROM small', 'b=SELECT x FROM big']
    const flags = parts.flatMap((part) => ['--register', part])
    const answer = await agnes(['FROM s, b', ...flags, '--max-bytes', '5000'])
    expect([answer.code, answer.exitCode]).toEqual(['over_max_bytes', 14])
    expect(answer.sent).not.toContain('/api/query')
    const fits = await agnes(['FROM s', '--register', parts[0]!, '--max-bytes', '5000'])
    expect(fits.sent).toContain('/api/query')
  })
})

describe('the parts are run for', () => {
  it.each([
    'FROM w JOIN devices USING (device)',
    'FROM w, kept, mine, own, side.t',
    'WITH c AS (FROM w) FROM c',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r, w',
    'FROM w, range(3), (VALUES (1)) v(x), information_schema.tables, duckdb_tables()',
    'FROM W AS w1, w AS w2',
    'SELECT * FROM w WHERE EXISTS (FROM devices d WHERE d.device = w.device)',
    'PIVOT w ON device USING count(*)',
    'SELECT * FROM (PIVOT (FROM w) ON device IN (1, 2) USING count(*))',
    'SUMMARIZE w',
    'EXPLAIN FROM w',
  ])('%s', async (sql) => {
    const {agnes} = await place()
    const {sent, json} = await agnes([sql, ...W])
    expect(sent, JSON.stringify(json)).toContain('/api/v2/scan')
  })
})
