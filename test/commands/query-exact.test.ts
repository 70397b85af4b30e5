import {tableFromIPC} from 'apache-arrow'
import fc from 'fast-check'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {queryWorkspace} from '../support/query-workspace.js'

/** One value of each kind the formats must not bend, and how each text format writes it. */
const VALUES: [name: string, sql: string, text: string, json: string][] = [
  ['big', '9223372036854775807::BIGINT', '9223372036854775807', '9223372036854775807'],
  [
    'huge',
    '170141183460469231731687303715::HUGEINT',
    '170141183460469231731687303715',
    '170141183460469231731687303715',
  ],
  ['money', '1.10::DECIMAL(18, 2)', '1.10', '"1.10"'],
  [
    'moment',
    "TIMESTAMPTZ '2026-01-31 23:59:59.123456Z'",
    '2026-01-31T23:59:59.123456Z',
    '"2026-01-31T23:59:59.123456Z"',
  ],
  [
    'local',
    "TIMESTAMP '2026-01-31 23:59:59.123456'",
    '2026-01-31T23:59:59.123456',
    '"2026-01-31T23:59:59.123456"',
  ],
  ['day', "DATE '2026-01-31'", '2026-01-31', '"2026-01-31"'],
  ['bytes', "'\\x00\\xFF'::BLOB", 'AP8=', '"AP8="'],
  ['list', '[1, NULL]', '[1,null]', '[1,null]'],
  [
    'struct',
    "{'a': 9223372036854775807, 'b': '1'}",
    '{"a":9223372036854775807,"b":"1"}',
    '{"a":9223372036854775807,"b":"1"}',
  ],
  ['nan', "'nan'::DOUBLE", 'NaN', '"NaN"'],
  ['endless', "'-inf'::DOUBLE", '-Infinity', '"-Infinity"'],
  ['nothing', 'NULL::INTEGER', '', 'null'],
  ['empty', "''", '', '""'],
]
const SQL = `SELECT ${VALUES.map(([name, sql]) => `${sql} AS "${name}"`).join(', ')}`

describe('BIGINT, HUGEINT, DECIMAL, TIMESTAMPTZ, BLOB, LIST, STRUCT, NaN and NULL come out exact', () => {
  it('in JSON', async () => {
    const {run} = await queryWorkspace()
    const {stdout} = await run(['query', SQL, '--json'])
    expect(stdout).toContain(`[${VALUES.map(([, , , json]) => json).join(', ')}]`)
  })

  it('in NDJSON', async () => {
    const {run} = await queryWorkspace()
    const {stdout} = await run(['query', SQL, '--format', 'ndjson'])
    expect(stdout).toBe(`{${VALUES.map(([name, , , json]) => `"${name}":${json}`).join(',')}}\n`)
  })

  it('in CSV, where the empty text is not NULL', async () => {
    const {run} = await queryWorkspace()
    const {stdout} = await run(['query', SQL, '--format', 'csv'])
    const cells = VALUES.map(([name, , text]) =>
      name === 'empty' ? '""' : /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
    )
    expect(stdout.split('\n')[1]).toBe(cells.join(','))
  })

  it('in TSV, where NULL is \\N', async () => {
    const {run} = await queryWorkspace()
    const {stdout} = await run(['query', SQL, '--format', 'tsv'])
    const cells = VALUES.map(([name, , text]) => (name === 'nothing' ? '\\N' : text))
    expect(stdout.split('\n')[1]).toBe(cells.join('\t'))
  })

  it('in a table, in a pipe and on a terminal', async () => {
    const {run} = await queryWorkspace()
    const piped = await run(['query', SQL])
    const cells = VALUES.map(([name, , text]) => (name === 'nothing' ? 'NULL' : text))
    expect(piped.stdout.split('\n')[1]).toBe(cells.join('\t'))
    const shown = await run(['query', SQL], {tty: true})
    for (const text of cells) expect(shown.stdout).toContain(text)
  })

  it('in Markdown', async () => {
    const {run} = await queryWorkspace()
    const {stdout} = await run(['query', SQL, '--format', 'markdown'])
    const row = stdout.split('\n')[2]!
    for (const [, , text] of VALUES) expect(row.replaceAll('\\', '')).toContain(text)
  })

  it('in Parquet', async () => {
    const {run, root} = await queryWorkspace()
    await run(['query', SQL, '--format', 'parquet', '--out', 'a.parquet'])
    const back = await run(['query', `FROM '${root}/a.parquet'`, '--format', 'ndjson'])
    const expected = VALUES.map(
      ([name, , , json]) => `"${name}":${name === 'huge' ? `"${json}"` : json}`,
    )
    expect(back.stdout).toBe(`{${expected.join(',')}}\n`)
  })

  it('in Arrow', async () => {
    const {run} = await queryWorkspace()
    const {stdoutBytes} = await run(['query', SQL, '--format', 'arrow'])
    const table = tableFromIPC(stdoutBytes)
    const row = table.get(0)!
    expect([row.big, row.nan, row.endless, row.nothing, row.empty]).toEqual([
      9223372036854775807n,
      NaN,
      -Infinity,
      null,
      '',
    ])
    expect([...row.bytes]).toEqual([0, 255])
    expect([...row.list]).toEqual([1, null])
    expect(row.struct.toJSON()).toEqual({a: 9223372036854775807n, b: '1'})
    const words = new BigUint64Array(
      (table.getChild('huge')!.data[0]!.values as Uint32Array).slice(0, 4).buffer,
    )
    expect((words[1]! << 64n) | words[0]!).toBe(170141183460469231731687303715n)
    const moments = table.getChild('moment')!.data[0]!.values as BigInt64Array
    expect(moments[0]).toBe(1769903999123456n)
  })
})

describe('repeated column names', () => {
  it('survive in every format', async () => {
    const {run, root} = await queryWorkspace()
    const sql = 'SELECT 1 AS x, 2 AS x, 3 AS "X"'
    expect((await run(['query', sql, '--json'])).json.rows).toEqual([[1, 2, 3]])
    expect((await run(['query', sql, '--format', 'csv'])).stdout).toBe('x,x,X\n1,2,3\n')
    expect((await run(['query', sql, '--format', 'ndjson'])).stdout).toBe(
      '{"x":1,"x_2":2,"X_3":3}\n',
    )
    await run(['query', sql, '--format', 'parquet', '--out', 'a.parquet'])
    const back = await run(['query', `FROM '${root}/a.parquet'`, '--format', 'csv'])
    expect(back.stdout).toBe('x,x_2,X_3\n1,2,3\n')
  })
})

describe('any values', () => {
  const kinds: [type: string, values: fc.Arbitrary<string>][] = [
    ['BIGINT', fc.bigInt({min: -(2n ** 63n), max: 2n ** 63n - 1n}).map(String)],
    ['HUGEINT', fc.bigInt({min: 1n - 10n ** 38n, max: 10n ** 38n - 1n}).map(String)],
    ['UBIGINT', fc.bigInt({min: 0n, max: 2n ** 64n - 1n}).map(String)],
    [
      'DECIMAL(38, 10)',
      fc
        .tuple(fc.bigInt({min: -(10n ** 27n), max: 10n ** 27n}), fc.nat(999_999_999))
        .map(([whole, part]) => `${whole}.${part}`),
    ],
    [
      'DOUBLE',
      fc
        .double()
        .map((x) => (Number.isFinite(x) ? String(x) : x > 0 ? 'inf' : x < 0 ? '-inf' : 'nan')),
    ],
    ['FLOAT', fc.float({noNaN: true, noDefaultInfinity: true}).map(String)],
    [
      'DATE',
      fc
        .date({min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true})
        .map((day) => day.toISOString().slice(0, 10)),
    ],
    [
      'TIMESTAMP',
      fc.bigInt({min: -(10n ** 16n), max: 10n ** 17n}).map((micros) => `EPOCH ${micros}`),
    ],
    [
      'TIMESTAMPTZ',
      fc.bigInt({min: -(10n ** 16n), max: 10n ** 17n}).map((micros) => `EPOCH ${micros}`),
    ],
    ['TIME', fc.nat(86_399).map((seconds) => new Date(seconds * 1000).toISOString().slice(11, 19))],
    ['UUID', fc.uuid()],
    [
      'BLOB',
      fc
        .uint8Array({maxLength: 20})
        .map((bytes) =>
          [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
        ),
    ],
    [
      'VARCHAR',
      fc
        .string({unit: 'grapheme', maxLength: 30})
        .filter((text) => !/[\0\uD800-\uDFFF]/.test(text)),
    ],
    ['VARCHAR', fc.stringMatching(/^[a-z",\n\r\t\\|']{0,12}$/)],
    ['INTEGER[]', fc.array(fc.integer(), {maxLength: 5}).map((items) => `[${items.join(', ')}]`)],
  ]

  /** A literal of the engine, whatever the text is. */
  const literalOf = (type: string, text: string) =>
    text.startsWith('EPOCH ')
      ? `make_timestamp(${text.slice(6)})${type === 'TIMESTAMPTZ' ? '::TIMESTAMPTZ' : ''}`
      : `'${text.replaceAll("'", "''")}'::${type}`

  it.each(kinds)(
    'of %s read back from CSV, NDJSON and Parquet as they were',
    async (type, values) => {
      const {run, root, copy} = await queryWorkspace()
      const texts = fc.sample(fc.option(values, {freq: 5}), {numRuns: 60, seed: 7})
      const rows = texts.map(
        (text, row) =>
          `(${row}, ${text === null ? 'NULL' : literalOf(type === 'HUGEINT' ? 'DECIMAL(38, 0)' : type, text)})`,
      )
      await copy(`SELECT * FROM (VALUES ${rows.join(', ')}) t(n, v)`, 'source.parquet')
      const queried = type === 'HUGEINT' ? 'v::HUGEINT AS v' : 'v'
      const source = `SELECT n, ${queried} FROM '${root}/source.parquet' ORDER BY n`
      for (const format of ['csv', 'ndjson', 'parquet'])
        await run(['query', source, '--format', format, '--out', `back.${format}`])
      const cast =
        type === 'BLOB'
          ? 'from_base64(v)'
          : type === 'INTEGER[]'
            ? 'v::JSON::INTEGER[]'
            : `v::${type}`
      const stored = type === 'HUGEINT' ? 'v::HUGEINT' : 'v'
      const readers = {
        csv: `SELECT n, ${cast} AS v FROM read_csv('${root}/back.csv', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, strict_mode = true, new_line = '\\n', auto_detect = false, columns = {'n': 'VARCHAR', 'v': 'VARCHAR'})`,
        ndjson: `SELECT n, ${cast} AS v FROM read_json('${root}/back.ndjson', format = 'newline_delimited', columns = {'n': 'INTEGER', 'v': 'VARCHAR'})`,
        parquet: `SELECT n, ${stored} AS v FROM '${root}/back.parquet'`,
      }
      for (const [format, reader] of Object.entries(readers)) {
        const wrong = `SELECT a.v, b.v FROM (${reader}) a JOIN '${root}/source.parquet' b ON a.n::INTEGER = b.n
        WHERE a.v IS DISTINCT FROM ${type === 'HUGEINT' ? 'b.v::HUGEINT' : 'b.v'}`
        const {json, stderr} = await run(['query', wrong, '--json'])
        expect([format, stderr, json.error, json.rows]).toEqual([format, '', undefined, []])
        const count = await run(['query', `SELECT count(*) FROM (${reader})`, '--format', 'csv'])
        expect([format, count.stdout.split('\n')[1]]).toEqual([format, '60'])
      }
    },
  )

  it('of text survive TSV and the JSON of numbers a parser that keeps them', async () => {
    const {run, root} = await queryWorkspace()
    const text = 'a\tb\\c\nd\re'
    await writeFile(
      join(root, 'q.sql'),
      `SELECT 'a' || chr(9) || 'b\\c' || chr(10) || 'd' || chr(13) || 'e' AS v`,
    )
    const {stdout} = await run(['query', '--file', 'q.sql', '--format', 'tsv'])
    const unescape: Record<string, string> = {'\\t': '\t', '\\\\': '\\', '\\n': '\n', '\\r': '\r'}
    expect(stdout.split('\n')[1]!.replace(/\\./g, (pair) => unescape[pair]!)).toBe(text)
  })
})
