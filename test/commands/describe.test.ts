import {describe, expect, it} from 'vitest'
import {FakeClock} from '../support/fake-clock.js'
import {queryWorkspace} from '../support/query-workspace.js'

const clock = () => new FakeClock(Date.parse('2026-01-31T12:00:00Z'))
const ORDERS =
  "SELECT i AS id, 'country ' || i AS country, 9007199254740993 AS big FROM range(7) t(i)"

describe('agnes describe', () => {
  it('is a page on a terminal', async () => {
    const {run} = await queryWorkspace({tables: {orders: ORDERS}})
    const {stdout, exitCode} = await run(['describe', 'orders', '-n', '1'], {
      tty: true,
      clock: clock(),
    })
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
      'orders',
      '  kind       published table',
      '  rows       7',
      expect.stringMatching(/^ {2}size {7}\d+ B$|kB$/),
      '  data from  2026-01-30T04:00:00',
      '  pulled     3 hours ago',
      '',
      'id       BIGINT',
      'country  VARCHAR',
      'big      BIGINT',
      '',
      '┌────┬───────────┬──────────────────┐',
      '│ id │ country   │              big │',
      '├────┼───────────┼──────────────────┤',
      '│  0 │ country 0 │ 9007199254740993 │',
      '└────┴───────────┴──────────────────┘',
      '',
    ])
  })

  it('is one fact a line in a pipe', async () => {
    const {run} = await queryWorkspace({
      tables: {parts: {'a.parquet': 'SELECT 1 AS id', 'b.parquet': 'SELECT 2 AS id'}},
    })
    const {stdout} = await run(['describe', '-n', '2', 'PARTS'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.filter((line) => !line.startsWith('sizeBytes'))).toEqual([
      'table\tparts',
      'kind\tpublished',
      'rows\t2',
      'partitions\t2',
      'updated\t2026-01-30T04:00:00',
      'pulledAt\t2026-01-31T09:00:00.000Z',
      'column\tid\tINTEGER',
      'row\t1',
      'row\t2',
    ])
  })

  it('is one exact document with --json', async () => {
    const {run, root} = await queryWorkspace({tables: {orders: ORDERS}})
    const {stdout, json} = await run(['describe', 'orders', '--rows', '1', '--json'], {
      clock: clock(),
    })
    expect(json).toEqual({
      table: 'orders',
      kind: 'published',
      columns: [
        {name: 'id', type: 'BIGINT'},
        {name: 'country', type: 'VARCHAR'},
        {name: 'big', type: 'BIGINT'},
      ],
      rowCount: 7,
      sizeBytes: expect.any(Number),
      partitions: null,
      updated: '2026-01-30T04:00:00',
      pulledAt: '2026-01-31T09:00:00.000Z',
      ageMs: 10_800_000,
      workspace: root,
      sample: [expect.any(Array)],
    })
    expect(stdout).toContain('[0, "country 0", 9007199254740993]')
  })

  it("knows snapshots and the analyst's own tables and views", async () => {
    const {run} = await queryWorkspace({
      tables: {orders: ORDERS},
      snapshots: {recent: 'SELECT 1 AS x'},
      catalog: `CREATE VIEW orders AS SELECT 1 AS id; COMMENT ON VIEW orders IS 'agnes:1 x';
        CREATE VIEW mine AS SELECT id FROM orders`,
    })
    const snapshot = (await run(['describe', 'recent', '--json'])).json
    expect([snapshot.kind, snapshot.rowCount, snapshot.pulledAt]).toEqual(['snapshot', 1, null])
    const own = (await run(['describe', 'mine', '--json'])).json
    expect([own.kind, own.rowCount, own.sizeBytes, own.table]).toEqual(['own', 7, null, 'mine'])
    const published = (await run(['describe', 'orders', '--json'])).json
    expect(published.kind).toBe('published')
  })

  it('says where a table is that is not here, in text and in JSON', async () => {
    const {run} = await queryWorkspace({
      tables: {orders: ORDERS},
      state: {listed: [{name: 'web_events', queryMode: 'remote', reason: 'remote'}]},
    })
    const text = await run(['describe', 'web_events'])
    const {json, exitCode} = await run(['describe', 'web_events', '--json'])
    expect([text.exitCode, exitCode, json.error.code]).toEqual([4, 4, 'table_remote'])
    expect(text.stderr).toContain('agnes query --remote')
    expect((await run(['describe', 'ordrs'])).stderr).toContain('Similar names: orders')
    expect((await run(['describe', 'or"; DROP TABLE x'])).exitCode).toBe(4)
  })
})
