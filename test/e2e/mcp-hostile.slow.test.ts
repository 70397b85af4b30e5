import {createHash} from 'node:crypto'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, it} from 'vitest'
import {greet, startMcp} from '../support/mcp-client.js'
import {queryWorkspace} from '../support/query-workspace.js'

const SECRET = 'the secret of somebody else'

/** SQL that writes, leaves the workspace, or floods; each with something to vary. */
const hostileSql = fc
  .tuple(
    fc.constantFrom(
      "COPY (SELECT 1) TO '{out}/x.csv'",
      "COPY orders TO '{root}/evil.parquet'",
      "ATTACH '{out}/x.db'",
      'INSTALL httpfs',
      "LOAD '{out}/x.duckdb_extension'",
      'DROP TABLE orders',
      'DELETE FROM orders',
      'CREATE TABLE t AS SELECT 1',
      'SELECT 1; DROP VIEW orders',
      "SET memory_limit='90GB'",
      'PRAGMA database_list',
      "SELECT * FROM read_text('{out}/secret.txt')",
      "SELECT * FROM read_text('{root}/../secret.txt')",
      "SELECT * FROM read_csv('/etc/passwd')",
      "SELECT * FROM glob('/**')",
      "SELECT * FROM query('SELECT 1')",
      "SELECT * FROM 'https://example.com/x.parquet'",
      "EXPORT DATABASE '{out}'",
      "SELECT repeat('x', 400000000) FROM range(50)",
      'SELECT list(range) FROM range(300000000)',
      'SELECT * FROM range(100000000000)',
      "SELECT getenv('HOME')",
      'VACUUM',
      'CALL enable_logging()',
    ),
    fc.constantFrom('', ';', ' -- x', '\n/* y */'),
  )
  .map(([sql, tail]) => ({name: 'query', input: {sql: sql + tail} as object}))

const hostileName = fc.oneof(
  fc.constantFrom(
    '../../secret',
    '/etc/passwd',
    '..',
    "x'; DROP TABLE y; --",
    'a/b',
    '%2e%2e',
    '\u0000',
    '"',
    'con',
  ),
  fc.string({unit: 'binary', maxLength: 60}),
  fc.integer({min: 1, max: 300_000}).map((length) => 'A'.repeat(length)),
)

const hostileCall = fc
  .tuple(
    fc.constantFrom(
      ...['schema', 'describe', 'sample', 'why', 'metrics', 'catalog', 'estimate', 'snapshot_list'],
      ...[
        'snapshot_drop',
        'snapshot_create',
        'pull',
        'grant_apply',
        'query',
        '__proto__',
        'toString',
      ],
    ),
    fc.oneof(
      hostileName.map((name): object => ({table: name, name, handle: name, reason: 'x'})),
      hostileName.map((table): object => ({table})),
      hostileName.map((name): object => ({name, handle: `look_${'0'.repeat(32)}`, reason: 'x'})),
      hostileName.map((id): object => ({id})),
      fc.dictionary(fc.string({maxLength: 20}), fc.jsonValue({maxDepth: 3}), {
        maxKeys: 8,
      }) as fc.Arbitrary<object>,
      fc.constant({sql: 5, limit: -1, rows: 1e9, tables: [null]} as object),
    ),
  )
  .map(([name, input]) => ({name, input}))

async function printOf(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const path of (await readdir(root, {recursive: true})).sort()) {
    // Decisions that failed are written down: that is no harm.
    if (path.endsWith('journal.ndjson')) continue
    const content = await readFile(join(root, path)).catch(() => Buffer.alloc(0))
    hash.update(path).update(content)
  }
  return hash.digest('hex')
}

it('answers 500 hostile calls with advice, changes nothing, tells no secret and lives on', async () => {
  const workspace = await queryWorkspace({tables: {orders: 'SELECT 1 AS id'}})
  const {root, home} = workspace
  await workspace.write('../secret.txt', SECRET)
  const before = await printOf(root)
  const mcp = startMcp(['--mode', 'admin', '--workspace', root], {
    HOME: home,
    AGNES_QUERY_MEMORY_MB: '64',
  })
  await greet(mcp)
  const sampled = [
    ...fc.sample(hostileSql, {numRuns: 60, seed: 7}),
    ...fc.sample(hostileCall, {numRuns: 440, seed: 7}),
  ]
  const outcomes: Record<string, number> = {}
  for (const {name, input} of sampled) {
    const filled = JSON.parse(
      JSON.stringify(input).replaceAll('{root}', root).replaceAll('{out}', home),
    ) as object
    const result = await mcp.call(name, filled)
    const [{text}] = result.content
    expect(text.length).toBeLessThanOrEqual(100_000)
    expect(text).not.toContain(SECRET)
    if (!result.isError) {
      outcomes.answered = (outcomes.answered ?? 0) + 1
      continue
    }
    const {code, message} = JSON.parse(text).error
    outcomes[code] = (outcomes[code] ?? 0) + 1
    expect([code, message, name, filled]).not.toContain('unexpected')
  }
  expect((await mcp.ask('query', {sql: 'SELECT * FROM orders'})).rows).toEqual([[1]])
  expect(await printOf(root)).toBe(before)
  expect((await readdir(home)).sort()).toEqual(['secret.txt', 'ws'])
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(500)
}, 600_000)
