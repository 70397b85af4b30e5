import {readFile, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {queryWorkspace} from '../support/query-workspace.js'
import {tempDir} from '../support/temp-dir.js'

const ORDERS = "SELECT * FROM (VALUES (1, 'CZ', 12.50), (2, 'SK', NULL)) t(id, country, amount)"

describe('an answer', () => {
  it('is a box on a terminal, with the count beside it', async () => {
    const {run} = await queryWorkspace({tables: {orders: ORDERS}})
    const {stdout, stderr, exitCode} = await run(['query', 'FROM orders'], {tty: true})
    expect(stdout).toBe(
      [
        '┌────┬─────────┬────────┐',
        '│ id │ country │ amount │',
        '├────┼─────────┼────────┤',
        '│  1 │ CZ      │  12.50 │',
        '│  2 │ SK      │   NULL │',
        '└────┴─────────┴────────┘',
        '',
      ].join('\n'),
    )
    expect([stderr, exitCode]).toEqual(['2 rows.\n', 0])
  })

  it('is plain tab-separated lines in a pipe', async () => {
    const {run} = await queryWorkspace({tables: {orders: ORDERS}})
    const {stdout, stderr} = await run(['query', 'FROM orders'])
    expect(stdout).toBe('id\tcountry\tamount\n1\tCZ\t12.50\n2\tSK\tNULL\n')
    expect(stderr).toBe('')
  })

  it('is one document with --json, the same with --format json', async () => {
    const {run, root} = await queryWorkspace({tables: {orders: ORDERS}})
    const outcome = await run(['query', 'FROM orders', '--json'])
    expect(outcome.json).toEqual({
      columns: [
        {name: 'id', type: 'INTEGER'},
        {name: 'country', type: 'VARCHAR'},
        {name: 'amount', type: 'DECIMAL(4,2)'},
      ],
      rows: [
        [1, 'CZ', '12.50'],
        [2, 'SK', null],
      ],
      rowCount: 2,
      truncated: false,
      source: 'local',
      workspace: root,
    })
    const same = await run(['query', 'FROM orders', '--format', 'json'])
    expect(same.stdout).toBe(outcome.stdout)
  })

  it('shows a record per block when the columns do not fit, and loses none', async () => {
    const {run} = await queryWorkspace()
    const columns = Array.from({length: 53}, (_, index) => `${index} AS column_${index}`).join(', ')
    const {stdout} = await run(['query', `SELECT ${columns}`], {tty: true})
    expect(stdout.split('\n')).toHaveLength(1 + 53 + 1)
    expect(stdout).toContain('column_52  52')
  })

  it.each([[['--json']], [['--format', 'table']], [['--format', 'csv']]])(
    'of no rows is a success with %s',
    async (flags) => {
      const {run} = await queryWorkspace()
      const {exitCode, stderr} = await run(['query', 'SELECT 1 AS x WHERE false', ...flags])
      expect([exitCode, stderr]).toEqual([0, ''])
    },
  )

  it('says on a terminal that there are no rows', async () => {
    const {run} = await queryWorkspace()
    const {stderr} = await run(['query', 'SELECT 1 AS x WHERE false'], {tty: true})
    expect(stderr).toBe('no rows.\n')
  })
})

describe('a cut', () => {
  it('is announced on stderr and marked in JSON', async () => {
    const {run} = await queryWorkspace()
    const text = await run(['query', 'FROM range(1001)'])
    expect(text.stdout.split('\n')).toHaveLength(1 + 1000 + 1)
    expect(text.stderr).toContain('Only the first 1,000 rows; there are more.')
    const {json} = await run(['query', 'FROM range(1001)', '--json'])
    expect([json.rows.length, json.rowCount, json.truncated]).toEqual([1000, 1000, true])
  })

  it('is not announced when the rows just fit', async () => {
    const {run} = await queryWorkspace()
    const {stderr} = await run(['query', 'FROM range(1000)'])
    const {json} = await run(['query', 'FROM range(1000)', '--json'])
    expect([stderr, json.truncated]).toEqual(['', false])
  })

  it.each(['csv', 'tsv', 'ndjson'])('is not made in %s unless asked for', async (format) => {
    const {run} = await queryWorkspace()
    const header = format === 'ndjson' ? 0 : 1
    const all = await run(['query', 'FROM range(5000)', '--format', format])
    expect(all.stdout.split('\n')).toHaveLength(header + 5000 + 1)
    const some = await run(['query', 'FROM range(5000)', '--format', format, '--limit', '3000'])
    expect(some.stdout.split('\n')).toHaveLength(header + 3000 + 1)
    expect(some.stderr).toContain('Only the first 3,000 rows')
  })

  it('at zero gives the columns alone', async () => {
    const {run} = await queryWorkspace()
    const {json} = await run(['query', 'FROM range(5)', '--json', '--limit', '0'])
    expect([json.columns.length, json.rows, json.truncated]).toEqual([1, [], true])
  })
})

describe('the statement', () => {
  it('comes from one place', async () => {
    const {run, root} = await queryWorkspace()
    await writeFile(join(root, 'q.sql'), '-- a comment\nSELECT 4 AS x;\n')
    const answers = [
      await run(['query', 'SELECT 1 AS x', '--format', 'csv']),
      await run(['query', '--sql', 'SELECT 2 AS x', '--format', 'csv']),
      await run(['query', '--stdin', '--format', 'csv'], {stdin: 'SELECT 3 AS x;'}),
      await run(['query', '--file', 'q.sql', '--format', 'csv']),
      await run(['query', '--stdin', '--format', 'csv'], {stdin: '{"sql": "SELECT 5 AS x"}'}),
      await run(['query', '-- a comment\nSELECT 6 AS x', '--format', 'csv']),
    ]
    expect(answers.map(({stdout}) => stdout)).toEqual([1, 2, 3, 4, 5, 6].map((x) => `x\n${x}\n`))
  })

  it.each([[[]], [['SELECT 1', '--sql', 'SELECT 2']], [['']], [['--file', 'nosuch.sql']]])(
    'is refused when given as %j',
    async (argv) => {
      const {run} = await queryWorkspace()
      const {exitCode, stderr} = await run(['query', ...argv])
      expect([2, 4]).toContain(exitCode)
      expect(stderr).toContain('Next:')
    },
  )

  it('contradicting itself about the format is refused', async () => {
    const {run} = await queryWorkspace()
    const {exitCode, json} = await run(['query', 'SELECT 1', '--json', '--format', 'csv'])
    expect([exitCode, json.error.code]).toEqual([2, 'usage'])
  })

  it('being wrong is exit code 13, in text and in JSON', async () => {
    const {run} = await queryWorkspace()
    const text = await run(['query', 'SELEC 1'])
    const json = await run(['query', 'SELEC 1', '--format', 'json'])
    expect([text.exitCode, json.exitCode, json.json.error.code]).toEqual([13, 13, 'query_error'])
    expect(text.stderr).toContain('syntax error at or near "SELEC"')
  })
})

describe('--out', () => {
  it('writes each format to a file, and nothing to stdout', async () => {
    const {run, root} = await queryWorkspace()
    for (const format of [
      'table',
      'json',
      'ndjson',
      'csv',
      'tsv',
      'markdown',
      'parquet',
      'arrow',
    ]) {
      const outcome = await run([
        'query',
        'SELECT 1 AS x',
        '--format',
        format,
        '--out',
        `a.${format}`,
      ])
      expect([outcome.stdout, outcome.stderr]).toEqual([
        '',
        `Wrote 1 row to ${root}/a.${format}.\n`,
      ])
      expect((await readFile(join(root, `a.${format}`))).length).toBeGreaterThan(0)
    }
    const kept = ['.claude', 'CLAUDE.md', 'server', 'user']
    const left = (await readdir(root)).filter((name) => !kept.includes(name))
    expect(left).toHaveLength(8)
    const back = await run(['query', `SELECT x FROM '${root}/a.parquet'`, '--format', 'csv'])
    expect(back.stdout).toBe('x\n1\n')
  })

  it('reports in JSON beside the file', async () => {
    const {run, root} = await queryWorkspace()
    const {json} = await run([
      'query',
      'SELECT 1 AS x',
      '--out',
      'a.csv',
      '--format',
      'csv',
      '--json',
    ])
    expect(json).toMatchObject({out: `${root}/a.csv`, format: 'csv', rowCount: 1, truncated: false})
    expect(await readFile(join(root, 'a.csv'), 'utf8')).toBe('x\n1\n')
  })

  it('leaves the old file and nothing else when the query fails midway', async () => {
    const {run} = await queryWorkspace()
    const dir = await tempDir()
    await writeFile(join(dir, 'a.csv'), 'old')
    const sql =
      "SELECT CASE WHEN i = 90000 THEN error('bang') ELSE i::VARCHAR END FROM range(100000) t(i)"
    for (const format of ['csv', 'parquet']) {
      const out = join(dir, 'a.csv')
      const {exitCode, stderr} = await run(['query', sql, '--format', format, '--out', out])
      expect([exitCode, stderr.includes('bang')]).toEqual([13, true])
    }
    expect(await readdir(dir)).toEqual(['a.csv'])
    expect(await readFile(join(dir, 'a.csv'), 'utf8')).toBe('old')
  })

  it.each([
    'server/parquet/orders.parquet',
    'server/x.csv',
    'user/duckdb/analytics.duckdb',
    'user/snapshots/x.parquet',
    '.claude/settings.json',
    'CLAUDE.md',
    'user/../server/x.csv',
    'no/such/folder/x.csv',
    '.',
  ])('refuses %s', async (out) => {
    const {run} = await queryWorkspace({tables: {orders: ORDERS}})
    const {exitCode, stderr} = await run(['query', 'SELECT 1', '--format', 'csv', '--out', out])
    expect([exitCode, stderr.includes('Next:')]).toEqual([2, true])
  })
})

describe('bytes', () => {
  it.each(['parquet', 'arrow'])('of %s go to a pipe and never to a terminal', async (format) => {
    const {run, root} = await queryWorkspace()
    const piped = await run(['query', 'SELECT 42 AS x', '--format', format])
    expect([piped.exitCode, piped.stderr]).toEqual([0, ''])
    expect(piped.stdoutBytes.includes(Buffer.from(format === 'parquet' ? 'PAR1' : 'x'))).toBe(true)
    const shown = await run(['query', 'SELECT 42 AS x', '--format', format], {tty: true})
    expect([shown.exitCode, shown.stdout]).toEqual([2, ''])
    if (format === 'arrow') return
    await writeFile(join(root, 'back.parquet'), piped.stdoutBytes)
    const back = await run(['query', `FROM '${root}/back.parquet'`, '--format', 'csv'])
    expect(back.stdout).toBe('x\n42\n')
  })

  it('that would steer a terminal do not reach it', async () => {
    const {run} = await queryWorkspace()
    const sql = "SELECT 'a' || chr(27) || '[2Jb' AS \"n\u001B[2J\""
    for (const format of ['table', 'csv', 'tsv', 'json', 'ndjson', 'markdown'])
      expect((await run(['query', sql, '--format', format], {tty: true})).stdout).not.toContain(
        '\u001B',
      )
    const piped = await run(['query', sql, '--format', 'csv'])
    expect(piped.stdout).toContain('a\u001B[2Jb')
  })
})
