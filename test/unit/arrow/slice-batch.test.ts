import {
  Dictionary,
  Int32,
  LargeBinary,
  LargeUtf8,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Field,
  Struct,
  Utf8,
  vectorFromArray,
  type Data,
} from 'apache-arrow'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {encodeArrowStream} from '../../../src/lib/arrow/encode-arrow-stream.js'
import {readArrowStream} from '../../../src/lib/arrow/read-arrow-stream.js'
import {inEngine} from '../../support/engine.js'
import {tempDir} from '../../support/temp-dir.js'

const ROWS = 1003

/** Every layout of a batch, with absent values at every level. */
const SQL = `SELECT i,
  i % 3 = 0 AS flag, if(i % 5 = 0, NULL, i % 2 = 0) AS some_flag,
  (i % 200)::UTINYINT AS u8, -i::BIGINT AS i64, i::FLOAT AS f32, i / 7 AS f64,
  if(i % 7 = 3, NULL, repeat('é' || i, i % 11)) AS text,
  encode(repeat('x', i % 5)) AS bytes,
  (i * 1.01)::DECIMAL(9, 2) AS money, (i::HUGEINT * 10000000000000000000)::DECIMAL(38, 0) AS wide,
  DATE '2026-01-01' + i::INT AS day, TIMESTAMPTZ '2026-01-01 00:00:00Z' + to_hours(i) AS moment,
  TIME '00:00:00' + to_seconds(i) AS clock, to_days(i::INT) AS span,
  if(i % 4 = 0, NULL, range(i % 6)) AS numbers,
  list_transform(range(i % 4), x -> if(x = 1, NULL, list_transform(range(x + 1), y -> 't' || y))) AS nested,
  list_transform(range(i % 13), x -> x % 2 = 0) AS flags,
  if(i % 9 = 0, NULL, {'a': i, 'b': if(i % 2 = 0, NULL, ['s' || i])}) AS pair,
  MAP {'k' || i: i, 'none': NULL} AS dictionary,
  if(i % 8 = 0, NULL, [i, NULL, -i])::INT[3] AS triple,
  NULL AS nothing
  FROM range(${ROWS}) t(i)`

async function spoolAt(sliceBytes: number) {
  const files = new NodeFiles(await tempDir(), systemRandom)
  const opened: number[] = []
  const open = (sizeBytes: number) => {
    opened.push(sizeBytes)
    return files.openRandomAccess('spooled', sizeBytes)
  }
  return {opened, spool: {aboveBytes: 0, sliceBytes, open}}
}

type Spool = Awaited<ReturnType<typeof spoolAt>>['spool']

async function* chunked(bytes: Uint8Array, size = 777) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** What the rows are, as text. */
async function rowsOf(bytes: Uint8Array, spool?: Spool) {
  const {columns, batches} = await readArrowStream(chunked(bytes), spool)
  return inEngine(async (session) => {
    const types = columns.map(({type}, index) => `c${index} ${type}`)
    await session.run(`CREATE OR REPLACE TABLE t (${types.join(', ')})`)
    const counts: number[] = []
    const counted = (async function* () {
      for await (const batch of batches) {
        counts.push(batch.rowCount)
        yield batch
      }
    })()
    await session.append('t', counted)
    const texts = columns.map((_, index) => `c${index}::VARCHAR`)
    return {counts, rows: await session.rows(`SELECT ${texts.join(', ')} FROM t ORDER BY rowid`)}
  })
}

async function encoded(sql: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  await inEngine(async (session) => {
    for await (const part of encodeArrowStream(await session.stream(sql))) parts.push(part)
  })
  return Buffer.concat(parts)
}

function streamOf(columns: Record<string, Data>): Uint8Array {
  const length = Object.values(columns)[0]!.length
  const fields = Object.entries(columns).map(([name, data]) => new Field(name, data.type, true))
  const data = makeData({type: new Struct(fields), length, children: Object.values(columns)})
  return RecordBatchStreamWriter.writeAll([
    new RecordBatch(new Schema(fields), data as never),
  ]).toUint8Array(true)
}

describe('a record batch read through a file', () => {
  it.each([1, 4096, 1 << 20])('has the same rows in slices of about %i bytes', async (size) => {
    const bytes = await encoded(SQL)
    const {spool, opened} = await spoolAt(size)
    const whole = await rowsOf(bytes)
    const sliced = await rowsOf(bytes, spool)
    expect(sliced.rows).toEqual(whole.rows)
    expect(sliced.rows).toHaveLength(ROWS)
    expect(opened.length).toBeGreaterThan(0)
    if (size === 1) expect(Math.max(...sliced.counts)).toBe(8)
  })

  it('keeps dictionaries and columns with long offsets', async () => {
    const texts = Array.from({length: 100}, (_, row) =>
      row % 6 === 2 ? null : `${row % 9}-${row}`,
    )
    const column = (type: LargeUtf8 | LargeBinary, values: unknown[]) =>
      vectorFromArray(values as never, type as never).data[0] as Data
    const bytes = streamOf({
      chosen: vectorFromArray(
        texts.map((text) => text?.slice(0, 1) ?? null),
        new Dictionary(new Utf8(), new Int32()),
      ).data[0]!,
      long: column(new LargeUtf8(), texts),
      blob: column(
        new LargeBinary(),
        texts.map((text) => (text === null ? null : Buffer.from(text))),
      ),
    })
    const {spool, opened} = await spoolAt(1)
    expect((await rowsOf(bytes, spool)).rows).toEqual((await rowsOf(bytes)).rows)
    expect(opened).toHaveLength(1)
  })

  it('that breaks off in the middle is refused', async () => {
    const bytes = await encoded(SQL)
    const {spool} = await spoolAt(4096)
    const cut = bytes.subarray(0, bytes.length >> 1)
    await expect(rowsOf(cut, spool)).rejects.toMatchObject({code: 'stream_truncated'})
  })

  it('whose offsets point nowhere is refused', async () => {
    const data = vectorFromArray(['ab', 'cd', 'ef'], new Utf8()).data[0]!
    data.valueOffsets[2] = 1000
    const {spool} = await spoolAt(1)
    const refused = {code: 'not_arrow', exitCode: 10}
    await expect(rowsOf(streamOf({data}), spool)).rejects.toMatchObject(refused)
  })
})
