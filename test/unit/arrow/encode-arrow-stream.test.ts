import {tableFromIPC, type Table} from 'apache-arrow'
import {describe, expect, it} from 'vitest'
import {encodeArrowStream} from '../../../src/lib/arrow/encode-arrow-stream.js'
import {QueryError} from '../../../src/lib/errors.js'
import {inEngine} from '../../support/engine.js'

async function encode(sql: string): Promise<{table: Table; chunks: Uint8Array[]}> {
  const chunks: Uint8Array[] = []
  await inEngine(async (session) => {
    for await (const chunk of encodeArrowStream(await session.stream(sql))) chunks.push(chunk)
  })
  return {table: tableFromIPC(Buffer.concat(chunks)), chunks}
}

/** The raw memory of a column's first batch: what other readers of the format see. */
function memoryOf(table: Table, column = 0) {
  return table.getChildAt(column)!.data[0]!
}

describe('types', () => {
  it.each([
    ['true', 'Bool', true],
    ['(-128)::TINYINT', 'Int8', -128],
    ['(-32768)::SMALLINT', 'Int16', -32768],
    ['2147483647::INTEGER', 'Int32', 2147483647],
    ['9223372036854775807::BIGINT', 'Int64', 9223372036854775807n],
    ['255::UTINYINT', 'Uint8', 255],
    ['65535::USMALLINT', 'Uint16', 65535],
    ['4294967295::UINTEGER', 'Uint32', 4294967295],
    ['18446744073709551615::UBIGINT', 'Uint64', 18446744073709551615n],
    ['0.1::FLOAT', 'Float32', Math.fround(0.1)],
    ['0.1::DOUBLE', 'Float64', 0.1],
    ["'nan'::DOUBLE", 'Float64', Number.NaN],
    ["'žluťoučký kůň'", 'Utf8', 'žluťoučký kůň'],
    ["''", 'Utf8', ''],
    ['\'{"a":1}\'::JSON', 'Utf8', '{"a":1}'],
    [
      "'0f2c1d6e-0000-4000-8000-00000000ffff'::UUID",
      'Utf8',
      '0f2c1d6e-0000-4000-8000-00000000ffff',
    ],
    ["'b'::ENUM('a', 'b')", 'Utf8', 'b'],
    ["'101'::BIT", 'Utf8', '101'],
    ["TIMETZ '01:00:00+02'", 'Utf8', '01:00:00+02:00'],
    [
      '340282366920938463463374607431768211455::UHUGEINT',
      'Utf8',
      '340282366920938463463374607431768211455',
    ],
    ["'\\x00\\xFF'::BLOB", 'Binary', Uint8Array.of(0, 255)],
    ["TIME '00:00:01.5'", 'Time64<MICROSECOND>', 1500000n],
  ])('%s is %s', async (sql, type, value) => {
    const {table} = await encode(`SELECT ${sql} AS v UNION ALL SELECT NULL`)
    expect(String(table.schema.fields[0]!.type)).toBe(type)
    expect([table.getChildAt(0)!.get(0), table.getChildAt(0)!.get(1)]).toEqual([value, null])
  })

  it.each([
    ['-170141183460469231731::HUGEINT', 'Decimal[38e0]', -170141183460469231731n],
    [
      'sum(x) FROM (VALUES (9223372036854775807), (9223372036854775807)) t(x)',
      'Decimal[38e0]',
      18446744073709551614n,
    ],
    ['-1.10::DECIMAL(4,2)', 'Decimal[4e+2]', -110n],
    ['99999999999999999999999999999999999999::DECIMAL(38,0)', 'Decimal[38e0]', 10n ** 38n - 1n],
  ])('%s keeps all 128 bits', async (sql, type, value) => {
    const {table} = await encode(`SELECT ${sql}`)
    expect(String(table.schema.fields[0]!.type)).toBe(type)
    const words = new BigUint64Array((memoryOf(table).values as Uint32Array).slice(0, 4).buffer)
    expect(BigInt.asIntN(128, (words[1]! << 64n) | words[0]!)).toBe(value)
  })

  it.each([
    ["DATE '1969-12-31'", 'Date32<DAY>', -1],
    ["DATE 'infinity'", 'Date32<DAY>', 2147483647],
    ["TIMESTAMP_S '1970-01-01 00:00:01'", 'Timestamp<SECOND>', 1n],
    ["TIMESTAMP_MS '1970-01-01 00:00:01'", 'Timestamp<MILLISECOND>', 1000n],
    ["TIMESTAMP '1970-01-01 00:00:00.000001'", 'Timestamp<MICROSECOND>', 1n],
    ["TIMESTAMP_NS '1970-01-01 00:00:00.000000001'", 'Timestamp<NANOSECOND>', 1n],
    ["TIMESTAMPTZ '1970-01-01 01:00:00+01'", 'Timestamp<MICROSECOND, UTC>', 0n],
  ])('%s is %s', async (sql, type, raw) => {
    const {table} = await encode(`SELECT ${sql}`)
    expect(String(table.schema.fields[0]!.type)).toBe(type)
    expect((memoryOf(table).values as ArrayLike<unknown>)[0]).toBe(raw)
  })

  it('writes an interval as months, days and nanoseconds', async () => {
    const {table} = await encode("SELECT INTERVAL '14 months 3 days 1 second'")
    const values = memoryOf(table).values as Int32Array
    const nanos = new BigInt64Array(values.slice(2, 4).buffer)[0]
    expect([values[0], values[1], nanos]).toEqual([14, 3, 1_000_000_000n])
  })

  it('keeps lists, structs, maps, arrays and unions native', async () => {
    const {table} = await encode(
      `SELECT [1, NULL, 3]::BIGINT[] AS l, {'a': 1, 'b': 'x'} AS s, MAP {'k': 2} AS m,
        [1, 2]::INTEGER[2] AS a, union_value(u := 'y') AS u
       UNION ALL SELECT NULL, NULL, NULL, NULL, NULL`,
    )
    const first = table.get(0)!.toJSON() as any
    expect([...first.l]).toEqual([1n, null, 3n])
    expect({...first.s.toJSON()}).toEqual({a: 1, b: 'x'})
    expect(Object.fromEntries(first.m)).toEqual({k: 2})
    expect([...first.a]).toEqual([1, 2])
    expect(first.u).toBe('y')
    expect(Object.values(table.get(1)!.toJSON())).toEqual([null, null, null, null, null])
  })
})

describe('the stream', () => {
  it('is a schema and an end for an empty result', async () => {
    const {table, chunks} = await encode("SELECT 1::HUGEINT AS x, 'a' AS y WHERE false")
    expect(chunks).toHaveLength(2)
    expect([...chunks[1]!]).toEqual([255, 255, 255, 255, 0, 0, 0, 0])
    expect(table.schema.fields.map(({name}) => name)).toEqual(['x', 'y'])
    expect(table.numRows).toBe(0)
  })

  it('is one chunk per batch, every row in order', async () => {
    const {table, chunks} = await encode(
      "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'row ' || i END AS t FROM range(20000) r(i)",
    )
    expect(chunks).toHaveLength(table.batches.length + 2)
    const texts = table.getChildAt(1)!
    const wrong = Array.from({length: 20000}, (_, row) => row).filter(
      (row) =>
        table.getChildAt(0)!.get(row) !== BigInt(row) ||
        texts.get(row) !== (row % 3 === 0 ? null : `row ${row}`),
    )
    expect([table.numRows, wrong]).toEqual([20000, []])
  })

  it('keeps duplicate column names', async () => {
    const {table} = await encode('SELECT 1 AS x, 2 AS x')
    expect([table.getChildAt(0)!.get(0), table.getChildAt(1)!.get(0)]).toEqual([1, 2])
  })

  it('refuses a number that would not fit rather than bend it', async () => {
    const error = await encode('SELECT 170141183460469231731687303715884105727::HUGEINT').catch(
      (failure: unknown) => failure,
    )
    expect(error).toBeInstanceOf(QueryError)
    expect(error).toMatchObject({code: 'arrow_overflow', exitCode: 13})
  })
})
