import {
  Binary,
  Bool,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  DurationMicrosecond,
  DurationMillisecond,
  DurationNanosecond,
  DurationSecond,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
  LargeBinary,
  LargeUtf8,
  List,
  makeData,
  Map_,
  Null,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  Timestamp,
  TimeUnit,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow'
import {describe, expect, it} from 'vitest'
import {readArrowStream} from '../../../src/lib/arrow/read-arrow-stream.js'
import {inEngine} from '../../support/engine.js'
import {tempDir} from '../../support/temp-dir.js'

/** A column of three rows, the last absent; what SQL must find in the Parquet file written from it. */
interface Case {
  type: string
  data: Data
  /** The type in the file. */
  stored: string
  /** `CAST(v AS VARCHAR)`. */
  texts: (string | null)[]
}

const nulls = new Uint8Array([0b011])
const absent = {nullCount: 1, nullBitmap: nulls, length: 3}

function plain(type: DataType, values: ArrayBufferView): Data {
  return makeData({type, ...absent, data: values} as never)
}

function built(type: DataType, values: unknown[]): Data {
  return vectorFromArray(values, type).data[0]!
}

function longs(...values: bigint[]): BigInt64Array {
  return BigInt64Array.from([...values, 0n])
}

function words(bits: number, ...values: bigint[]): Uint32Array {
  const count = bits / 32
  const all = [...values, 0n].flatMap((value) =>
    Array.from({length: count}, (_, index) =>
      Number((BigInt.asUintN(bits, value) >> BigInt(index * 32)) & 0xffff_ffffn),
    ),
  )
  return Uint32Array.from(all)
}

const BIG = 99999999999999999999999999999999999999n

const cases: Case[] = [
  {
    type: 'bool',
    data: plain(new Bool(), new Uint8Array([0b01])),
    stored: 'BOOLEAN',
    texts: ['true', 'false', null],
  },
  {
    type: 'int8',
    data: plain(new Int8(), new Int8Array([-128, 127, 0])),
    stored: 'TINYINT',
    texts: ['-128', '127', null],
  },
  {
    type: 'int16',
    data: plain(new Int16(), new Int16Array([-32768, 32767, 0])),
    stored: 'SMALLINT',
    texts: ['-32768', '32767', null],
  },
  {
    type: 'int32',
    data: plain(new Int32(), new Int32Array([-2147483648, 2147483647, 0])),
    stored: 'INTEGER',
    texts: ['-2147483648', '2147483647', null],
  },
  {
    type: 'int64',
    data: plain(new Int64(), longs(-(2n ** 63n), 2n ** 63n - 1n)),
    stored: 'BIGINT',
    texts: ['-9223372036854775808', '9223372036854775807', null],
  },
  {
    type: 'uint8',
    data: plain(new Uint8(), new Uint8Array([0, 255, 0])),
    stored: 'UTINYINT',
    texts: ['0', '255', null],
  },
  {
    type: 'uint16',
    data: plain(new Uint16(), new Uint16Array([0, 65535, 0])),
    stored: 'USMALLINT',
    texts: ['0', '65535', null],
  },
  {
    type: 'uint32',
    data: plain(new Uint32(), new Uint32Array([0, 4294967295, 0])),
    stored: 'UINTEGER',
    texts: ['0', '4294967295', null],
  },
  {
    type: 'uint64',
    data: plain(new Uint64(), BigUint64Array.from([0n, 2n ** 64n - 1n, 0n])),
    stored: 'UBIGINT',
    texts: ['0', '18446744073709551615', null],
  },
  {
    type: 'float16',
    data: plain(new Float16(), new Uint16Array([0x3e00, 0xc580, 0])),
    stored: 'FLOAT',
    texts: ['1.5', '-5.5', null],
  },
  {
    type: 'float32',
    data: plain(new Float32(), new Float32Array([1.5, -Infinity, 0])),
    stored: 'FLOAT',
    texts: ['1.5', '-inf', null],
  },
  {
    type: 'float64',
    data: plain(new Float64(), new Float64Array([0.1, NaN, 0])),
    stored: 'DOUBLE',
    texts: ['0.1', 'nan', null],
  },
  {
    type: 'decimal128(4,2)',
    data: plain(new Decimal(2, 4, 128), words(128, 1210n, -9999n)),
    stored: 'DECIMAL(4,2)',
    texts: ['12.10', '-99.99', null],
  },
  {
    type: 'decimal128(9,0)',
    data: plain(new Decimal(0, 9, 128), words(128, 123456789n, -1n)),
    stored: 'DECIMAL(9,0)',
    texts: ['123456789', '-1', null],
  },
  {
    type: 'decimal128(18,3)',
    data: plain(new Decimal(3, 18, 128), words(128, 1n, -(10n ** 18n - 1n))),
    stored: 'DECIMAL(18,3)',
    texts: ['0.001', '-999999999999999.999', null],
  },
  {
    type: 'decimal128(38,0)',
    data: plain(new Decimal(0, 38, 128), words(128, BIG, -BIG)),
    stored: 'DECIMAL(38,0)',
    texts: [String(BIG), String(-BIG), null],
  },
  {
    type: 'decimal256(38,9)',
    data: plain(new Decimal(9, 38, 256), words(256, 1500000000n, -1n)),
    stored: 'DECIMAL(38,9)',
    texts: ['1.500000000', '-0.000000001', null],
  },
  {
    type: 'decimal256(76,38)',
    data: plain(new Decimal(38, 76, 256), words(256, BIG * 10n ** 38n, -1n)),
    stored: 'VARCHAR',
    texts: [`${BIG}.${'0'.repeat(38)}`, `-0.${'0'.repeat(37)}1`, null],
  },
  {
    type: 'utf8',
    data: built(new Utf8(), ['', 'Žluťoučký kůň pěl ódy', null]),
    stored: 'VARCHAR',
    texts: ['', 'Žluťoučký kůň pěl ódy', null],
  },
  {
    type: 'large_utf8',
    data: built(new LargeUtf8(), ['twelve bytes', 'thirteen byte', null]),
    stored: 'VARCHAR',
    texts: ['twelve bytes', 'thirteen byte', null],
  },
  {
    type: 'binary',
    data: built(new Binary(), [new Uint8Array([0, 255]), new Uint8Array(13), null]),
    stored: 'BLOB',
    texts: ['\\x00\\xFF', '\\x00'.repeat(13), null],
  },
  {
    type: 'large_binary',
    data: built(new LargeBinary(), [new Uint8Array([1]), new Uint8Array(), null]),
    stored: 'BLOB',
    texts: ['\\x01', '', null],
  },
  {
    type: 'fixed_size_binary',
    data: plain(new FixedSizeBinary(2), new Uint8Array([1, 2, 65, 66, 0, 0])),
    stored: 'BLOB',
    texts: ['\\x01\\x02', 'AB', null],
  },
  {
    type: 'date32',
    data: plain(new DateDay(), new Int32Array([20454, -1, 0])),
    stored: 'DATE',
    texts: ['2026-01-01', '1969-12-31', null],
  },
  {
    type: 'date64',
    data: plain(new DateMillisecond(), longs(20454n * 86_400_000n, -86_400_000n)),
    stored: 'DATE',
    texts: ['2026-01-01', '1969-12-31', null],
  },
  {
    type: 'time32[s]',
    data: plain(new TimeSecond(), new Int32Array([0, 86399, 0])),
    stored: 'TIME',
    texts: ['00:00:00', '23:59:59', null],
  },
  {
    type: 'time32[ms]',
    data: plain(new TimeMillisecond(), new Int32Array([1, 86399999, 0])),
    stored: 'TIME',
    texts: ['00:00:00.001', '23:59:59.999', null],
  },
  {
    type: 'time64[us]',
    data: plain(new TimeMicrosecond(), longs(1n, 86_399_999_999n)),
    stored: 'TIME',
    texts: ['00:00:00.000001', '23:59:59.999999', null],
  },
  {
    type: 'time64[ns]',
    data: plain(new TimeNanosecond(), longs(1n, 86_399_999_999_999n)),
    stored: 'TIME_NS',
    texts: ['00:00:00.000000001', '23:59:59.999999999', null],
  },
  {
    type: 'timestamp[s]',
    data: plain(new Timestamp(TimeUnit.SECOND), longs(1767225600n, -1n)),
    stored: 'TIMESTAMP',
    texts: ['2026-01-01 00:00:00', '1969-12-31 23:59:59', null],
  },
  {
    type: 'timestamp[ms]',
    data: plain(new Timestamp(TimeUnit.MILLISECOND), longs(1767225600001n, -1n)),
    stored: 'TIMESTAMP',
    texts: ['2026-01-01 00:00:00.001', '1969-12-31 23:59:59.999', null],
  },
  {
    type: 'timestamp[us]',
    data: plain(new Timestamp(TimeUnit.MICROSECOND), longs(1767225600000001n, -1n)),
    stored: 'TIMESTAMP',
    texts: ['2026-01-01 00:00:00.000001', '1969-12-31 23:59:59.999999', null],
  },
  {
    type: 'timestamp[ns]',
    data: plain(new Timestamp(TimeUnit.NANOSECOND), longs(1767225600000000001n, -1n)),
    stored: 'TIMESTAMP_NS',
    texts: ['2026-01-01 00:00:00.000000001', '1969-12-31 23:59:59.999999999', null],
  },
  {
    type: 'timestamp[s, zone]',
    data: plain(new Timestamp(TimeUnit.SECOND, 'Europe/Prague'), longs(1767225600n, -1n)),
    stored: 'TIMESTAMP WITH TIME ZONE',
    texts: ['2026-01-01 00:00:00+00', '1969-12-31 23:59:59+00', null],
  },
  {
    type: 'timestamp[us, zone]',
    data: plain(new Timestamp(TimeUnit.MICROSECOND, 'UTC'), longs(1767225600000001n, -1n)),
    stored: 'TIMESTAMP WITH TIME ZONE',
    texts: ['2026-01-01 00:00:00.000001+00', '1969-12-31 23:59:59.999999+00', null],
  },
  {
    type: 'timestamp[ms, zone]',
    data: plain(new Timestamp(TimeUnit.MILLISECOND, '+02:00'), longs(1767225600001n, -1n)),
    stored: 'TIMESTAMP WITH TIME ZONE',
    texts: ['2026-01-01 00:00:00.001+00', '1969-12-31 23:59:59.999+00', null],
  },
  {
    type: 'timestamp[ns, zone]',
    data: plain(new Timestamp(TimeUnit.NANOSECOND, 'UTC'), longs(1767225600000000001n, -1n)),
    stored: 'TIMESTAMP_NS',
    texts: ['2026-01-01 00:00:00.000000001', '1969-12-31 23:59:59.999999999', null],
  },
  {
    type: 'duration[s]',
    data: plain(new DurationSecond(), longs(86_400n, -1n)),
    stored: 'VARCHAR',
    texts: ['24:00:00', '-00:00:01', null],
  },
  {
    type: 'duration[ms]',
    data: plain(new DurationMillisecond(), longs(1n, -1500n)),
    stored: 'VARCHAR',
    texts: ['00:00:00.001', '-00:00:01.5', null],
  },
  {
    type: 'duration[ns]',
    data: plain(new DurationNanosecond(), longs(1n, -1n)),
    stored: 'VARCHAR',
    texts: ['00:00:00.000000001', '-00:00:00.000000001', null],
  },
  {
    type: 'interval[year_month]',
    data: plain(new IntervalYearMonth(), new Int32Array([14, -1, 0])),
    stored: 'VARCHAR',
    texts: ['1 year 2 months', '-1 month', null],
  },
  {
    type: 'interval[day_time]',
    data: plain(new IntervalDayTime(), new Int32Array([1, 2000, -1, 0, 0, 0])),
    stored: 'VARCHAR',
    texts: ['1 day 00:00:02', '-1 day', null],
  },
  {
    type: 'list<struct>',
    data: built(
      new List(new Field('item', new Struct([new Field('a', new Decimal(2, 9, 128), true)]), true)),
      [[{a: words(128, 150n).subarray(0, 4)}, {a: null}], [null], null],
    ),
    stored: 'STRUCT(a DECIMAL(9,2))[]',
    texts: ["[{'a': 1.50}, {'a': NULL}]", '[NULL]', null],
  },
  {
    type: 'dictionary<int32, int64>',
    data: built(new Dictionary(new Int64(), new Int32()), [7n, -7n, null]),
    stored: 'BIGINT',
    texts: ['7', '-7', null],
  },
  {
    type: 'duration[us]',
    data: plain(new DurationMicrosecond(), longs(3_600_000_001n, -1n)),
    stored: 'VARCHAR',
    texts: ['01:00:00.000001', '-00:00:00.000001', null],
  },
  {
    type: 'month_day_nano',
    data: plain(new IntervalMonthDayNano(), new Int32Array([14, -3, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    stored: 'VARCHAR',
    texts: ['1 year 2 months -3 days 00:00:00.000000007', '00:00:00', null],
  },
  {
    type: 'list',
    data: built(new List(new Field('item', new Int32(), true)), [[1, null, 3], [], null]),
    stored: 'INTEGER[]',
    texts: ['[1, NULL, 3]', '[]', null],
  },
  {
    type: 'list<utf8>',
    data: built(new List(new Field('item', new Utf8(), true)), [
      ['a', 'longer than twelve'],
      [null],
      null,
    ]),
    stored: 'VARCHAR[]',
    texts: ['[a, longer than twelve]', '[NULL]', null],
  },
  {
    type: 'fixed_size_list',
    data: built(new FixedSizeList(2, new Field('item', new Int32(), true)), [
      [1, 2],
      [3, null],
      null,
    ]),
    stored: 'INTEGER[]',
    texts: ['[1, 2]', '[3, NULL]', null],
  },
  {
    type: 'struct',
    data: built(
      new Struct([new Field('a', new Int32(), true), new Field('b c', new Utf8(), true)]),
      [{a: 1, 'b c': 'x'}, {a: null, 'b c': null}, null],
    ),
    stored: 'STRUCT(a INTEGER, "b c" VARCHAR)',
    texts: ["{'a': 1, 'b c': x}", "{'a': NULL, 'b c': NULL}", null],
  },
  {
    type: 'map',
    data: built(
      new Map_(
        new Field(
          'entries',
          new Struct<{key: DataType; value: DataType}>([
            new Field('key', new Utf8(), false),
            new Field('value', new Int32(), true),
          ]),
          false,
        ),
      ),
      [{a: 1, b: null}, {}, null],
    ),
    stored: 'MAP(VARCHAR, INTEGER)',
    texts: ['{a=1, b=NULL}', '{}', null],
  },
  {
    type: 'dictionary<uint8, utf8>',
    data: built(new Dictionary(new Utf8(), new Uint8()), ['red', 'a colour without a name', null]),
    stored: 'VARCHAR',
    texts: ['red', 'a colour without a name', null],
  },
  {
    type: 'null',
    data: makeData({type: new Null(), length: 3, nullCount: 3}),
    stored: 'INTEGER',
    texts: [null, null, null],
  },
]

/** One batch, or none at all. */
function streamOf(data: Data, batches = 1): Uint8Array {
  const schema = new Schema([new Field('v', data.type, true)])
  const body = makeData({
    type: new Struct(schema.fields),
    length: data.length,
    nullCount: 0,
    children: [data],
  })
  const writer = new RecordBatchStreamWriter()
  writer.reset(undefined, schema)
  if (batches > 0) writer.write(new RecordBatch(schema, body as never))
  return writer.finish().toUint8Array(true)
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function stored(bytes: Uint8Array) {
  const file = `${await tempDir()}/t.parquet`
  return inEngine(async (session) => {
    const {columns, batches} = await readArrowStream(pieces(bytes, 100))
    await session.run(`CREATE OR REPLACE TABLE t (c0 ${columns[0]!.type})`)
    await session.append('t', batches)
    const nameColumns = () => columns.map(({name}) => name)
    await session.exportParquet('SELECT * FROM t', {path: file, nameColumns})
    const from = `FROM read_parquet('${file}')`
    const [described] = await session.rows(`SELECT column_type FROM (DESCRIBE ${from})`)
    const texts = await session.rows(`SELECT CAST(v AS VARCHAR) ${from}`)
    return {type: described![0], texts: texts.map(([text]) => text)}
  })
}

describe('an Arrow stream', () => {
  it.each(cases)(
    'brings $type into Parquet with equal values',
    async ({data, stored: type, texts}) => {
      expect(await stored(streamOf(data))).toEqual({type, texts})
    },
  )

  it.each(cases)('keeps the type of a column of $type without rows', async (one) => {
    expect(await stored(streamOf(one.data, 0))).toEqual({type: one.stored, texts: []})
  })

  it('keeps texts of every length over many chunks of the engine', async () => {
    const value = (row: number) => (row % 7 === 3 ? null : `${row}-`.repeat(row % 9))
    const values = Array.from({length: 5000}, (_, row) => value(row))
    const {texts} = await stored(streamOf(built(new Utf8(), values)))
    expect(texts).toEqual(values)
  })

  it.each([1, 7, 8, 200, -1, -5, -8])('cut off after %i bytes is refused', async (end) => {
    const whole = streamOf(cases[4]!.data)
    const cut = whole.subarray(0, end < 0 ? whole.length + end : end)
    await expect(stored(cut)).rejects.toMatchObject({code: 'stream_truncated', exitCode: 10})
  })

  it.each([
    ['a page of HTML', Buffer.from('<html><body>Sign in</body></html>')],
    ['text', Buffer.from('nope, not at all, sorry')],
    ['metadata of zeros', Buffer.from([255, 255, 255, 255, 16, 0, 0, 0, ...new Uint8Array(40)])],
  ])('that is %s is refused', async (_name, bytes) => {
    await expect(stored(bytes)).rejects.toMatchObject({exitCode: 10})
  })

  it('with text that is not UTF-8 is refused', async () => {
    const data = built(new Utf8(), ['ab', 'cd', null])
    ;(data.values as Uint8Array)[0] = 0xff
    await expect(stored(streamOf(data))).rejects.toMatchObject({code: 'not_utf8', exitCode: 10})
  })
})
