import {describe, expect, it} from 'vitest'
import {ageText, bytesText, countText} from '../../../src/lib/present/amounts.js'
import {alignColumns} from '../../../src/lib/present/columns.js'

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [1_084_000_000, '1.1 GB'],
    [Number.MAX_SAFE_INTEGER, '9.0 PB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  it.each<[number | bigint, string]>([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [12_345_678_901_234_567_890n, '12,345,678,901,234,567,890'],
    [-1234, '-1,234'],
  ])('counts %s as %s', (count, text) => expect(countText(count)).toBe(text))

  it.each([
    [0, 'just now'],
    [59_999, 'just now'],
    [60_000, '1 minute ago'],
    [7_200_000, '2 hours ago'],
    [86_400_000 * 400, '400 days ago'],
    [-7_200_000, 'in 2 hours'],
  ])('tells %d ms as %s', (ms, text) => expect(ageText(ms)).toBe(text))
})

describe('alignColumns', () => {
  it('aligns by what is seen: colours, wide characters and emoji', () => {
    const rows = [
      ['a', '1'],
      ['\u001B[31mred\u001B[39m', '22'],
      ['表', '3'],
      ['👩‍👩‍👧', '4'],
      ['e\u0301', '5'],
    ]
    expect(alignColumns(rows, {right: [1], indent: ' '})).toEqual([
      ' a     1',
      ' \u001B[31mred\u001B[39m  22',
      ' 表    3',
      ' 👩‍👩‍👧    4',
      ' e\u0301     5',
    ])
  })
})
