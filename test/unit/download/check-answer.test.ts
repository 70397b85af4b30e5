import {describe, expect, it} from 'vitest'
import {checkAnswer, type Wanted} from '../../../src/lib/download/check-answer.js'

const part: Wanted = {start: 100, end: 200, sizeBytes: 1000, etag: '"1"', isRange: true}
const whole: Wanted = {start: 0, end: 1000, sizeBytes: 1000, etag: null, isRange: false}
const good = {'content-range': 'bytes 100-199/1000', 'content-length': '100', etag: '"1"'}

describe('checkAnswer', () => {
  it('takes exactly the part that was asked for', () => {
    expect(checkAnswer(part, 206, good)).toEqual({
      kind: 'part',
      bodyBytes: 100,
      sizeBytes: 1000,
      etag: '"1"',
      serverMd5: null,
    })
  })

  it.each([
    ['no Content-Range', {'content-range': ''}],
    ['another start', {'content-range': 'bytes 99-199/1000'}],
    ['another end', {'content-range': 'bytes 100-198/1000'}],
    ['another size', {'content-range': 'bytes 100-199/1001'}],
    ['an unknown size', {'content-range': 'bytes 100-199/*'}],
    ['another unit', {'content-range': 'lines 100-199/1000'}],
    ['another length', {'content-length': '99'}],
    ['another version', {etag: '"2"'}],
  ])('starts again for a part with %s', (_, change) => {
    expect(checkAnswer(part, 206, {...good, ...change})).toMatchObject({kind: 'restart'})
  })

  it.each([400, 416])('starts again when a range is refused with %i', (status) => {
    expect(checkAnswer(part, status, {})).toMatchObject({kind: 'restart'})
    expect(checkAnswer(whole, status, {})).toMatchObject({kind: 'refused'})
  })

  it.each([
    ['"1"', '"1"'],
    ['W/"1"', null],
    ['1', null],
    [undefined, null],
  ])('trusts the ETag %s as %s', (etag, expected) => {
    expect(checkAnswer(whole, 200, etag === undefined ? {} : {etag})).toMatchObject({
      kind: 'whole',
      etag: expected,
    })
  })

  it('takes the whole for what it is, whatever was asked for', () => {
    expect(checkAnswer(part, 200, {'content-length': '1000'})).toMatchObject({
      kind: 'whole',
      bodyBytes: 1000,
    })
    expect(checkAnswer(whole, 200, {'content-length': 'many'})).toMatchObject({
      kind: 'whole',
      bodyBytes: null,
    })
    expect(checkAnswer(whole, 200, {'x-agnes-content-md5': 'A'.repeat(32)})).toMatchObject({
      serverMd5: 'a'.repeat(32),
    })
    expect(checkAnswer(whole, 200, {'x-agnes-content-md5': 'short'})).toMatchObject({
      serverMd5: null,
    })
  })

  it.each([
    [206, good],
    [304, {}],
    [204, {}],
    [200, {'content-encoding': 'gzip'}],
  ])('refuses an unasked-for %i with %j', (status, headers) => {
    expect(checkAnswer(whole, status, headers)).toMatchObject({
      kind: 'refused',
      error: {exitCode: 9},
    })
  })
})
