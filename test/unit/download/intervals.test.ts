import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  addInterval,
  coveredBytes,
  gapsIn,
  prefixLength,
  readIntervals,
  splitIntervals,
  type Interval,
} from '../../../src/lib/download/intervals.js'

const SIZE = 60
const interval = fc
  .tuple(fc.nat(SIZE), fc.nat(SIZE))
  .map(([a, b]): Interval => [Math.min(a, b), Math.max(a, b)])
const bitsOf = (list: readonly Interval[]) => {
  const bits = Array<boolean>(SIZE).fill(false)
  for (const [start, end] of list) bits.fill(true, start, end)
  return bits
}

describe('intervals', () => {
  it('know exactly which bytes were added, in any order', () => {
    fc.assert(
      fc.property(fc.array(interval, {maxLength: 20}), (added) => {
        const list = added.reduce<Interval[]>((sum, next) => addInterval(sum, next), [])
        const bits = bitsOf(added)
        expect(bitsOf(list)).toEqual(bits)
        expect(bitsOf(gapsIn(list, SIZE))).toEqual(bits.map((bit) => !bit))
        expect(coveredBytes(list)).toBe(bits.filter(Boolean).length)
        expect(prefixLength(list)).toBe(bits.includes(false) ? bits.indexOf(false) : SIZE)
        expect(readIntervals(JSON.parse(JSON.stringify(list)), SIZE)).toEqual(list)
        for (let index = 1; index < list.length; index++)
          expect(list[index]![0]).toBeGreaterThan(list[index - 1]![1])
      }),
    )
  })

  it('split into pieces that cover the same bytes', () => {
    fc.assert(
      fc.property(
        fc.array(interval, {maxLength: 5}),
        fc.integer({min: 1, max: 70}),
        (added, max) => {
          const list = added.reduce<Interval[]>((sum, next) => addInterval(sum, next), [])
          const pieces = splitIntervals(list, max)
          expect(bitsOf(pieces)).toEqual(bitsOf(list))
          for (const [start, end] of pieces) expect(end - start).toBeLessThanOrEqual(max)
        },
      ),
    )
  })

  it.each([
    null,
    {},
    [1],
    [[1]],
    [[1, 2, 3]],
    [['0', 5]],
    [[5, 5]],
    [[5, 2]],
    [[-1, 3]],
    [
      [0, 5],
      [5, 9],
    ],
    [
      [3, 9],
      [0, 2],
    ],
    [[0, 61]],
    [[0, 1.5]],
  ])('are not read from %j', (value) => {
    expect(readIntervals(value, SIZE)).toBeUndefined()
  })
})
