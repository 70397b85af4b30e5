import {describe, expect, it} from 'vitest'
import {queryCellJson, sampleCellJson} from '../../../src/server/engine/cell-json.js'
import {inEngine} from '../../support/engine.js'

/** One cell of each type through the real engine. */
function written(expression: string): Promise<{query: string; sample: string}> {
  return inEngine(async (session) => {
    const {columns, batches} = await session.stream(`SELECT ${expression}`)
    for await (const batch of batches) {
      const cell = batch.columns[0]![0]!
      const {type} = columns[0]!
      return {query: queryCellJson(cell, type), sample: sampleCellJson(cell, type)}
    }
    return expect.fail('no row')
  })
}

describe('cells', () => {
  it.each([
    ['NULL::DATE', 'null', 'null'],
    ['true', 'true', 'true'],
    ['9223372036854775807', '9223372036854775807', '9223372036854775807'],
    [
      '170141183460469231731687303715884105727::HUGEINT',
      '170141183460469231731687303715884105727',
      '170141183460469231731687303715884105727',
    ],
    ['1::TINYINT', '1', '1'],
    ['5::DOUBLE', '5.0', '5.0'],
    ['0.1::DOUBLE', '0.1', '0.1'],
    ["'-0'::DOUBLE", '-0.0', '-0.0'],
    ['1e300::DOUBLE', '1e+300', '1e+300'],
    ["'nan'::DOUBLE", 'null', 'null'],
    ["'-inf'::FLOAT", 'null', 'null'],
    ['1.50::DECIMAL(18,2)', '"1.50"', '1.50'],
    ['-0.05::DECIMAL(38,2)', '"-0.05"', '-0.05'],
    ["DATE '2026-01-02'", '"2026-01-02"', '"2026-01-02T00:00:00"'],
    ["DATE '0044-03-15 (BC)'", '"-0043-03-15"', '"-0043-03-15T00:00:00"'],
    ["'infinity'::DATE", '"infinity"', '"infinity"'],
    ["TIMESTAMP '2026-01-02 03:04:05'", '"2026-01-02 03:04:05"', '"2026-01-02T03:04:05"'],
    [
      "TIMESTAMP '1969-12-31 23:59:59.000001'",
      '"1969-12-31 23:59:59.000001"',
      '"1969-12-31T23:59:59.000001"',
    ],
    [
      "TIMESTAMP_NS '2026-01-02 03:04:05.123456789'",
      '"2026-01-02 03:04:05.123456789"',
      '"2026-01-02T03:04:05.123456789"',
    ],
    [
      "TIMESTAMPTZ '2026-01-02 03:04:05+02'",
      '"2026-01-02 01:04:05+00:00"',
      '"2026-01-02T01:04:05+00:00"',
    ],
    ["TIME '03:04:05.1'", '"03:04:05.100000"', '"03:04:05.100000"'],
    ["TIMETZ '03:04:05-03:30'", '"03:04:05-03:30"', '"03:04:05-03:30"'],
    ['INTERVAL 1 DAY', '"1 day, 0:00:00"', '86400.0'],
    ["INTERVAL '2 months 3 days 04:05:06.5'", '"63 days, 4:05:06.500000"', '5457906.5'],
    ["INTERVAL '-1 hour'", '"-1 day, 23:00:00"', '-3600.0'],
    ["'a\"b'", '"a\\"b"', '"a\\"b"'],
    ["'ab'::BLOB", '"b\'ab\'"', '"6162"'],
    ["'\\x00\\xFF\\x27'::BLOB", '"b\\"\\\\x00\\\\xff\'\\""', '"00ff27"'],
    [
      "'6ccd780c-baba-1026-9564-5b8c656024db'::UUID",
      '"6ccd780c-baba-1026-9564-5b8c656024db"',
      '"6ccd780c-baba-1026-9564-5b8c656024db"',
    ],
    ['\'{"a": 1}\'::JSON', '"{\\"a\\": 1}"', '"{\\"a\\": 1}"'],
    ['[1, NULL, 3]', '"[1, None, 3]"', '[1,null,3]'],
    ["{'x': 1, 'y': 'it''s'}", "\"{'x': 1, 'y': \\\"it's\\\"}\"", '{"x":1,"y":"it\'s"}'],
    ["MAP {'k': 1.5::DOUBLE}", '"{\'k\': 1.5}"', '{"k":1.5}'],
    ["[DATE '2026-01-02']", '"[datetime.date(2026, 1, 2)]"', '["2026-01-02T00:00:00"]'],
    [
      "[TIMESTAMP '2026-01-02 03:04:00']",
      '"[datetime.datetime(2026, 1, 2, 3, 4)]"',
      '["2026-01-02T03:04:00"]',
    ],
    ['[1.10::DECIMAL(4,2)]', '"[Decimal(\'1.10\')]"', '[1.10]'],
    ['union_value(n := 7)', '7', '7'],
  ])('%s', async (expression, query, sample) => {
    expect(await written(expression)).toEqual({query, sample})
    expect(() => JSON.parse(`[${query},${sample}]`) as unknown).not.toThrow()
  })
})
