import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {timeField} from '../../../src/lib/wire/read-fields.js'

describe('timeField', () => {
  it.each([
    ['2026-11-21 05:11:02.539692', '2026-11-21T05:11:02.539Z'],
    ['2026-11-21 05:11:02.539692+00', '2026-11-21T05:11:02.539Z'],
    ['2026-11-21T05:11:02', '2026-11-21T05:11:02.000Z'],
    ['2026-11-21T05:11:02Z', '2026-11-21T05:11:02.000Z'],
    ['2026-11-21T05:11:02.5Z', '2026-11-21T05:11:02.500Z'],
    ['2026-12-21 05:11:13.332999+00:00', '2026-12-21T05:11:13.332Z'],
    ['2026-12-21T07:11:13+02:00', '2026-12-21T05:11:13.000Z'],
    ['2026-12-21T07:11:13+0200', '2026-12-21T05:11:13.000Z'],
    ['2026-12-20T23:41:13.000001-05:30', '2026-12-21T05:11:13.000Z'],
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['2026-13-21 05:11:02', null],
    ['yesterday', null],
    ['12', null],
    ['', null],
    [null, null],
    [1_700_000_000, null],
  ])('reads %j as %j', (sent, iso) => expect(timeField(sent)).toBe(iso))

  it('tells any time of a server in one form', () => {
    const offsets = fc.constantFrom('', 'Z', '+00:00', '+02:00', '-0530', '+09')
    const times = fc.date({min: new Date(0), max: new Date('9999-12-30'), noInvalidDate: true})
    fc.assert(
      fc.property(times, offsets, fc.constantFrom(' ', 'T'), (time, offset, between) => {
        const text = time.toISOString().replace('Z', `123${offset}`).replace('T', between)
        expect(timeField(text)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => ['string', 'object'].includes(typeof timeField(text))),
    )
  })
})
