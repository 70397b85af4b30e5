import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {retryDelayMs} from '../../../src/lib/download/retry-delay.js'

describe('retryDelayMs', () => {
  it.each([
    [1, 0.5, 300],
    [2, 0.5, 1000],
    [3, 0.5, 3000],
    [4, 0.5, 3000],
    [100, 0.5, 3000],
    [1, 0, 150],
    [3, 0, 1500],
  ])('waits before retry %i with the die at %d for %d ms', (retry, random, expected) => {
    expect(retryDelayMs(retry, random)).toBe(expected)
  })

  it('never undercuts Retry-After and never waits much longer', () => {
    fc.assert(
      fc.property(
        fc.integer({min: 1, max: 20}),
        fc.double({min: 0, max: 0.999, noNaN: true}),
        fc.integer({min: 0, max: 3_600_000}),
        (retry, random, retryAfterMs) => {
          const delay = retryDelayMs(retry, random, retryAfterMs)
          expect(delay).toBeGreaterThanOrEqual(retryAfterMs)
          expect(delay).toBeLessThanOrEqual(Math.max(retryAfterMs, 1500) + 250)
        },
      ),
    )
  })
})
