import {describe, expect, it} from 'vitest'
import type {ApiError} from '../../../src/server/api-error.js'
import {QuotaLedger} from '../../../src/server/quota-ledger.js'
import {FakeClock} from '../../support/fake-clock.js'

function refusalOf(work: () => unknown): ApiError {
  try {
    work()
  } catch (error) {
    return error as ApiError
  }
  throw new Error('nothing was refused')
}

describe('QuotaLedger', () => {
  it('refuses one request more than may run at once, per person', () => {
    const ledger = new QuotaLedger(new FakeClock(), {maxConcurrent: 2, maxDailyBytes: 100})
    const first = ledger.enter('a@x', 'query')
    ledger.enter('a@x', 'scan')
    ledger.enter('b@x', 'scan')
    expect(refusalOf(() => ledger.enter('a@x', 'query'))).toMatchObject({
      status: 429,
      detail: {
        reason: 'concurrent_slot_exceeded',
        kind: 'concurrent_scans',
        current: 2,
        limit: 2,
        retry_after_seconds: 0,
      },
    })
    first.release()
    first.release()
    ledger.enter('a@x', 'query')
    expect(refusalOf(() => ledger.enter('a@x', 'scan')).detail).toMatchObject({
      error: 'quota_exceeded',
      kind: 'concurrent_scans',
    })
  })

  it('lets one request go over the bytes of a day, then none until midnight UTC', async () => {
    const clock = new FakeClock(Date.parse('2026-01-31T12:00:00Z'))
    const ledger = new QuotaLedger(clock, {maxConcurrent: 5, maxDailyBytes: 100})
    const slot = ledger.enter('a@x', 'query')
    slot.charge(150)
    slot.release()
    expect(refusalOf(() => ledger.enter('a@x', 'query')).detail).toEqual({
      reason: 'daily_byte_cap_exceeded',
      kind: 'daily_bytes',
      current: 150,
      limit: 100,
      retry_after_seconds: 43_200,
    })
    await clock.advance(43_200_000)
    ledger.enter('a@x', 'query')
  })
})
