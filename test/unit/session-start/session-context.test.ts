import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {sessionContext, type SessionFacts} from '../../../src/lib/session-start/session-context.js'

const HOUR = 3_600_000
const fresh: SessionFacts = {
  refresh: {kind: 'unchanged'},
  ageMs: HOUR,
  staleAfterMs: 48 * HOUR,
  news: {appeared: [], vanished: []},
  tokenLeftMs: null,
  renewMs: 168 * HOUR,
  pushFailure: null,
}

describe('sessionContext', () => {
  it.each<[string, Partial<SessionFacts>]>([
    ['nothing changed', {}],
    ['tables were refreshed', {refresh: {kind: 'pulled'}}],
    ['the server is down and the data fresh', {refresh: {kind: 'offline'}}],
    ['the token lasts', {tokenLeftMs: 30 * 24 * HOUR}],
    ['nothing was pulled yet', {ageMs: null}],
  ])('says nothing when %s', (_what, facts) => {
    expect(sessionContext({...fresh, ...facts})).toBeNull()
  })

  it.each<[string, Partial<SessionFacts>, string]>([
    ['old data', {ageMs: 73 * HOUR}, 'last refreshed 3 days ago.'],
    [
      'old data while the server is down',
      {ageMs: 50 * HOUR, refresh: {kind: 'offline'}},
      '2 days ago. The server does not answer.',
    ],
    ['a refresh that goes on', {refresh: {kind: 'handed_over'}}, 'still running'],
    ['a refresh of somebody else', {refresh: {kind: 'running'}}, 'still running'],
    ['gone tables', {news: {appeared: [], vanished: ['pay']}}, 'No longer available here: pay.'],
    [
      'new tables',
      {news: {appeared: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], vanished: []}},
      'a, b, c, d, e and 2 more.',
    ],
    ['a token about to expire', {tokenLeftMs: 5 * HOUR}, 'expires in 5 hours'],
    [
      'an expired token',
      {tokenLeftMs: -1, refresh: {kind: 'failed', code: 'x', message: 'y'}},
      'has expired',
    ],
    [
      'a failure',
      {refresh: {kind: 'failed', code: 'disk_full', message: 'Full\n\u001B[2J disk.'}},
      'not refreshed: Full',
    ],
    ['failing uploads', {pushFailure: 'Forbidden.'}, 'could not be sent: Forbidden.'],
  ])('tells %s', (_what, facts, part) => {
    const text = sessionContext({...fresh, ...facts})
    expect(text).toContain(part)
    expect(text).not.toContain('\u001B')
  })

  it('is never longer than 1 KiB', () => {
    const name = fc.string({unit: 'grapheme', maxLength: 200})
    fc.assert(
      fc.property(fc.array(name), fc.array(name), name, (appeared, vanished, message) => {
        const text = sessionContext({
          ...fresh,
          refresh: {kind: 'failed', code: 'x', message},
          ageMs: 1000 * HOUR,
          news: {appeared, vanished},
          tokenLeftMs: 1,
          pushFailure: message.repeat(9),
        })
        expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(1024)
      }),
    )
  })
})
