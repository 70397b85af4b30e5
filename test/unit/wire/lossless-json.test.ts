import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {parseLossless} from '../../../src/lib/wire/lossless-json.js'

describe('parseLossless', () => {
  it('keeps integers of any size', () => {
    const text = '[9223372036854775807, -170141183460469231731687303715884105728, 0]'
    expect(parseLossless(text)).toEqual([
      9223372036854775807n,
      -170141183460469231731687303715884105728n,
      0n,
    ])
  })

  it('tells 1.0 from 1', () => {
    expect(parseLossless('[1.0, 1e2, 1, -0.0]')).toEqual([1, 100, 1n, -0])
  })

  it('is JSON.parse for everything that is no integer', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(plain(parseLossless(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('refuses what is not JSON', () => {
    for (const text of ['', '<html>', '{"a":1', 'NaN', '[1,]'])
      expect(() => parseLossless(text)).toThrow(SyntaxError)
  })
})

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}
