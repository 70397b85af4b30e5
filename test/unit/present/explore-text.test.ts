import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {bars} from '../../../src/lib/present/explore-text.js'

describe('a drawn histogram', () => {
  it('is as high as its counts', () => {
    expect(bars([0, 1, 4, 8])).toBe(' ▂▅█')
  })

  it('has one character a range, and is blank exactly where nothing is', () => {
    const counts = fc
      .array(fc.nat(), {minLength: 1, maxLength: 16})
      .filter((all) => Math.max(...all) > 0)
    fc.assert(
      fc.property(counts, (all) => {
        const drawn = [...bars(all)]
        expect(drawn.length).toBe(all.length)
        expect(drawn.map((bar) => bar === ' ')).toEqual(all.map((count) => count === 0))
      }),
    )
  })
})
