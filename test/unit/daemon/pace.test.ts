import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {isQuiet, nextDelayMs, parseQuietHours} from '../../../src/lib/daemon/pace.js'

describe('the wait before the next question', () => {
  it('is spread over a fifth around the interval', () => {
    expect(nextDelayMs(60_000, 0)).toBe(54_000)
    expect(nextDelayMs(60_000, 0.5)).toBe(60_000)
    expect(nextDelayMs(60_000, 0.999)).toBeLessThan(66_000)
  })

  it('doubles with failures, up to an hour, and never undercuts the server', () => {
    fc.assert(
      fc.property(
        fc.integer({min: 1000, max: 900_000}),
        fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true}),
        fc.nat(1000),
        fc.nat(7_200_000),
        (baseMs, random, failures, retryAfterMs) => {
          const waitMs = nextDelayMs(baseMs, random, {failures, retryAfterMs})
          expect(waitMs).toBeGreaterThanOrEqual(retryAfterMs)
          expect(waitMs).toBeLessThanOrEqual(Math.max(3_600_000 * 1.1, retryAfterMs))
          const later = nextDelayMs(baseMs, random, {failures: failures + 1, retryAfterMs})
          expect(later).toBeGreaterThanOrEqual(waitMs)
        },
      ),
    )
  })
})

describe('quiet hours', () => {
  it.each([
    ['22:00-07:00', {from: 1320, to: 420}],
    [' 9:30 - 12:05 ', {from: 570, to: 725}],
    ['07:00-07:00', undefined],
    ['25:00-07:00', undefined],
    ['night', undefined],
  ])('reads %j', (text, hours) => {
    expect(parseQuietHours(text)).toEqual(hours)
  })

  it.each([
    ['22:00-07:00', 21, false],
    ['22:00-07:00', 22, true],
    ['22:00-07:00', 3, true],
    ['22:00-07:00', 7, false],
    ['09:00-12:00', 9, true],
    ['09:00-12:00', 12, false],
  ])('of %s at %i o’clock: %s', (text, hour, quiet) => {
    const at = new Date(2026, 0, 31, hour).getTime()
    expect(isQuiet(parseQuietHours(text)!, at)).toBe(quiet)
  })

  it('are never, where none are set', () => {
    expect(isQuiet(null, 0)).toBe(false)
  })
})
