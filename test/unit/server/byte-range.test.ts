import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {readRange} from '../../../src/server/byte-range.js'

describe('readRange', () => {
  it.each([
    [undefined, {kind: 'whole'}],
    ['bytes=0-0', {kind: 'ranges', ranges: [{first: 0, last: 0}]}],
    ['BYTES=2-4', {kind: 'ranges', ranges: [{first: 2, last: 4}]}],
    ['bytes=7-', {kind: 'ranges', ranges: [{first: 7, last: 9}]}],
    ['bytes=-3', {kind: 'ranges', ranges: [{first: 7, last: 9}]}],
    ['bytes=-99', {kind: 'ranges', ranges: [{first: 0, last: 9}]}],
    ['bytes=5-99', {kind: 'ranges', ranges: [{first: 5, last: 9}]}],
    [
      'bytes=0-1, 4-5',
      {
        kind: 'ranges',
        ranges: [
          {first: 0, last: 1},
          {first: 4, last: 5},
        ],
      },
    ],
    ['bytes=0-1,50-60', {kind: 'ranges', ranges: [{first: 0, last: 1}]}],
    ['bytes=10-', {kind: 'unsatisfiable'}],
    ['bytes=-0', {kind: 'unsatisfiable'}],
  ])('reads %s of ten bytes', (header, expected) => {
    expect(readRange(header, 10)).toEqual(expected)
  })

  it.each([
    'bytes=',
    'bytes=-',
    'bytes',
    'rows=1-2',
    'bytes=4-2',
    'bytes=a-b',
    'bytes=1-2-3',
    'bytes=0-1,',
  ])('calls %s malformed', (header) => {
    expect(readRange(header, 10).kind).toBe('malformed')
  })

  it('never leaves the body, whatever is asked', () => {
    const anyHeader = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(200), fc.nat(200)).map(([a, b]) => `bytes=${a}-${b}`),
      fc
        .array(fc.nat(200))
        .map((starts) => `bytes=${starts.map((start) => `${start}-`).join(',')}`),
    )
    fc.assert(
      fc.property(anyHeader, fc.nat(100), (header, size) => {
        const answer = readRange(header, size)
        if (answer.kind !== 'ranges') return
        for (const {first, last} of answer.ranges) {
          expect(first).toBeGreaterThanOrEqual(0)
          expect(last).toBeGreaterThanOrEqual(first)
          expect(last).toBeLessThan(size)
        }
      }),
    )
  })
})
