import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {jsonOf} from '../../../src/lib/cells/cell-json.js'
import {cellText} from '../../../src/lib/cells/cell-text.js'
import {decimalText, floatText} from '../../../src/lib/cells/number-text.js'
import {dateText, intervalText, timestampText} from '../../../src/lib/cells/time-text.js'
import type {Cell, ColumnType} from '../../../src/lib/ports/warehouse.js'

describe('numbers', () => {
  it.each([
    [110n, 2, '1.10'],
    [-5n, 2, '-0.05'],
    [0n, 3, '0.000'],
    [10n ** 38n - 1n, 38, `0.${'9'.repeat(38)}`],
    [42n, 0, '42'],
  ])('the decimal %s at scale %i is %s', (unscaled, scale, text) => {
    expect(decimalText(unscaled, scale)).toBe(text)
  })

  it('floats are the shortest text of their 32 bits', () => {
    expect([0.1, 16777216, 1e-45].map((x) => floatText(Math.fround(x)))).toEqual([
      '0.1',
      '16777216',
      '1.4013e-45',
    ])
    fc.assert(
      fc.property(fc.float(), (x) => {
        expect(Object.is(Math.fround(Number(floatText(x))), x)).toBe(true)
        expect(floatText(x).length).toBeLessThanOrEqual(
          (Object.is(x, -0) ? '-0' : String(x)).length,
        )
      }),
    )
  })

  it('doubles read back as the same 64 bits, in text and in JSON', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        expect(Object.is(Number(cellText({kind: 'double'})(x)), x)).toBe(true)
        const json: unknown = JSON.parse(jsonOf({kind: 'double'})(x))
        expect(Object.is(Number(json), x)).toBe(true)
      }),
    )
  })
})

describe('times', () => {
  it('dates are those of the calendar', () => {
    fc.assert(
      fc.property(fc.integer({min: -719162, max: 2932896}), (days) => {
        expect(dateText(days)).toBe(new Date(days * 86_400_000).toISOString().slice(0, 10))
      }),
    )
    expect([dateText(2932897), dateText(-719529), dateText(-Infinity)]).toEqual([
      '+010000-01-01',
      '-000001-12-31',
      '-infinity',
    ])
  })

  it('timestamps are exact to the last digit of their unit', () => {
    const micros = timestampText('us', false)
    fc.assert(
      fc.property(fc.bigInt({min: -62135596800000000n, max: 253402300799999999n}), (value) => {
        const text = micros(value)
        const [, fraction = ''] = text.split('.')
        const ms = Date.parse(`${text.slice(0, 19)}Z`)
        expect(BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'))).toBe(value)
      }),
    )
    expect(timestampText('ns', false)(1n)).toBe('1970-01-01T00:00:00.000000001')
    expect(timestampText('ms', false)(-1n)).toBe('1969-12-31T23:59:59.999')
    expect(timestampText('us', true)(1769903999123456n)).toBe('2026-01-31T23:59:59.123456Z')
    expect(timestampText('s', false)('infinity')).toBe('infinity')
  })

  it.each([
    [{months: 14, days: 3, micros: 3_723_500_000n}, 'P1Y2M3DT1H2M3.5S'],
    [{months: -1, days: 0, micros: -1n}, 'P-1MT-0.000001S'],
    [{months: 0, days: 0, micros: 0n}, 'PT0S'],
    [{months: 0, days: 40, micros: 90_000_000_000n}, 'P40DT25H'],
  ])('the interval %o is %s', (interval, text) => {
    expect(intervalText(interval)).toBe(text)
  })
})

describe('nested values', () => {
  const point: ColumnType = {
    kind: 'struct',
    fields: [
      {name: 'x', type: {kind: 'hugeint'}},
      {name: 'y "z"', type: {kind: 'decimal', width: 4, scale: 2}},
    ],
  }

  it.each<[ColumnType, Cell, string]>([
    [
      {kind: 'list', item: point},
      [[10n ** 30n, 110n], null],
      '[{"x":1000000000000000000000000000000,"y \\"z\\"":"1.10"},null]',
    ],
    [{kind: 'map', key: {kind: 'varchar'}, value: {kind: 'double'}}, [['a', NaN]], '[["a","NaN"]]'],
    [
      {
        kind: 'struct',
        fields: [
          {name: '', type: {kind: 'integer'}},
          {name: '', type: {kind: 'integer'}},
        ],
      },
      [1, 2],
      '[["",1],["",2]]',
    ],
    [
      {kind: 'union', members: [{name: 's', type: {kind: 'varchar'}}]},
      {tag: 's', value: 'v'},
      '{"s":"v"}',
    ],
    [{kind: 'array', length: 2, item: {kind: 'date'}}, [0, null], '["1970-01-01",null]'],
  ])('of %o are JSON, as text too', (type, cell, text) => {
    expect([jsonOf(type)(cell), cellText(type)(cell)]).toEqual([text, text])
  })
})
