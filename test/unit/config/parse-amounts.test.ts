import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {readEnv} from '../../../src/lib/config/env.js'
import {UsageError} from '../../../src/lib/errors.js'
import {parseDuration, parseSize, sizeOf} from '../../../src/lib/config/parse-amounts.js'

describe('a size', () => {
  it.each([
    ['0', 0],
    ['123', 123],
    ['1k', 1024],
    ['500m', 500 * 2 ** 20],
    ['1.5G', 1.5 * 2 ** 30],
    ['2 TiB', 2 * 2 ** 40],
    [' 10MB ', 10 * 2 ** 20],
  ])('reads %s', (text, bytes) => {
    expect(sizeOf(text)).toBe(bytes)
  })

  it.each(['', 'm', '-1', '1e6', '5 pb', '1,000', '9007199254740993', '99999999999t'])(
    'does not read %j',
    (text) => {
      expect(sizeOf(text)).toBeUndefined()
      expect(() => parseSize(text, 'max-bytes')).toThrow(UsageError)
    },
  )

  it('reads any plain count of bytes as it is', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => sizeOf(String(bytes)) === bytes))
  })

  it('is written the same way in variables, where one that cannot be read allows nothing', () => {
    const ceilings = (value: string | undefined) => {
      const env = readEnv({AGNES_REMOTE_MAX_BYTES: value, AGNES_SNAPSHOT_MAX_BYTES: value})
      return [env.remoteMaxBytes, env.snapshotMaxBytes]
    }
    expect(ceilings('20m')).toEqual([20 * 2 ** 20, 20 * 2 ** 20])
    expect(ceilings('lots')).toEqual([0, 0])
    expect(ceilings(undefined)).toEqual([undefined, 5 * 2 ** 30])
  })
})

describe('a length of time', () => {
  it.each([
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7D', 604_800_000],
    ['2w', 1_209_600_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text, 'ttl')).toBe(ms)
  })

  it.each(['', '7', '0d', '-1d', '1.5h', '3y'])('does not read %j', (text) => {
    expect(() => parseDuration(text, 'ttl')).toThrow(UsageError)
  })
})
