import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {editDistance, nearestName} from '../../src/lib/nearest-name.js'

const NAMES = ['catalog', 'disk-info', 'init', 'pull', 'push', 'query', 'snapshot create', 'status']

describe('nearestName', () => {
  it.each([
    ['statsu', 'status'],
    ['qurey', 'query'],
    ['pul', 'pull'],
    ['cat', 'catalog'],
    ['snapshot crate', 'snapshot create'],
    ['zebra', undefined],
    ['', 'catalog'],
  ])('takes "%s" for %s', (typed, expected) => {
    expect(nearestName(typed, NAMES)).toBe(expected)
  })
})

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['pull', 'pull', 0],
    ['pull', 'push', 2],
    ['ab', 'ba', 1],
    ['', 'abc', 3],
  ])('of "%s" and "%s" is %d', (from, to, expected) => {
    expect(editDistance(from, to)).toBe(expected)
  })

  it('is the same both ways and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (from, to) => {
        const distance = editDistance(from, to)
        expect(distance).toBe(editDistance(to, from))
        expect(distance).toBeLessThanOrEqual(Math.max(from.length, to.length))
      }),
    )
  })
})
