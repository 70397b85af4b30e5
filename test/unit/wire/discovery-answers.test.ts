import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {UnreachableError} from '../../../src/lib/errors.js'
import {readCatalog} from '../../../src/lib/wire/catalog.js'
import {readMetric, readMetrics} from '../../../src/lib/wire/metrics.js'
import {plainNumbers, readSample, readSchema} from '../../../src/lib/wire/schema.js'
import {readProfile} from '../../../src/lib/wire/table-profile.js'

describe('answers of any shape', () => {
  it.each([
    ['catalog', readCatalog],
    ['schema', readSchema],
    ['sample', readSample],
    ['metrics', readMetrics],
    ['metric', readMetric],
  ])('are read or called unreadable: %s', (_what, read) => {
    const keys = ['tables', 'columns', 'rows', 'metrics', 'id', 'name', 'where_dialect_hints']
    const value = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue())),
    )
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), value))
    fc.assert(
      fc.property(body, (answer) => {
        try {
          read(answer)
        } catch (error) {
          expect(error).toBeInstanceOf(UnreachableError)
        }
      }),
    )
  })

  it('make a profile or none, never a failure', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void readProfile(body)))
  })
})

describe('a metric', () => {
  it.each([
    ['JSON text', '{"a": 1}', {a: 1}],
    ['an object', {a: 1}, {a: 1}],
    ['text that is no JSON', 'max 5', 'max 5'],
    ['nothing', null, null],
  ])('reads rules sent as %s', (_how, validation, read) => {
    expect(readMetric({id: 'x', validation}).validation).toEqual(read)
  })

  it('gets no value it was not given', () => {
    const {id, other, ...rest} = readMetric({id: 'x'})
    expect({id, other}).toEqual({id: 'x', other: {}})
    expect(Object.values(rest).every((value) => value === null || (value as []).length === 0)).toBe(
      true,
    )
  })
})

describe('exact integers', () => {
  it('are numbers where a number holds them, else texts', () => {
    expect(plainNumbers({a: [1n, 2n ** 53n], b: 1.5})).toEqual({a: [1, '9007199254740992'], b: 1.5})
  })
})
