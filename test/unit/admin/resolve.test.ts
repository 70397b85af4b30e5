import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {resolveOne, type Named} from '../../../src/lib/admin/resolve.js'
import {ConflictError, MissingError} from '../../../src/lib/errors.js'
import {errorText} from '../../../src/lib/present/error-text.js'

const kind = {word: 'group', listCommand: 'agnes admin group list'}
const named = (id: string, ...names: string[]): Named<string> => ({thing: id, id, names})
const groups = [
  named('14f92c13', 'analysts'),
  named('14f92d00', 'Analytics'),
  named('sales', '2f85170b'),
  named('2f85170b', 'sales'),
  named('aaaa1111', 'Ops'),
  named('aaaa2222', 'ops'),
]

function resolve(reference: string, isDestructive = false): string {
  try {
    return resolveOne(reference, groups, kind, {isDestructive})
  } catch (error) {
    if (error instanceof ConflictError || error instanceof MissingError) return error.code
    throw error
  }
}

describe('a reference', () => {
  it.each([
    ['a whole id', '14f92c13', '14f92c13'],
    ['a whole name', 'analysts', '14f92c13'],
    ['a name in other case', 'ANALYTICS', '14f92d00'],
    ['an id that is also a name', 'sales', 'sales'],
    ['a name in its own case, of two that differ by case', 'ops', 'aaaa2222'],
    ['a name in a third case, of two', 'OPS', 'group_ambiguous'],
    ['the beginning of one id', '14f92c', '14f92c13'],
    ['the beginning of two ids', '14f9', 'group_ambiguous'],
    ['a beginning that is too short for an id', '14f', 'group_not_found'],
    ['the beginning of one name', 'analys', '14f92c13'],
    ['the beginning of two names', 'anal', 'group_ambiguous'],
    ['nothing that is there', 'nobody', 'group_not_found'],
  ])('%s: %s is %s', (_what, reference, expected) => {
    expect(resolve(reference)).toBe(expected)
  })

  it('is never taken for the beginning of a name by a verb that cannot be taken back', () => {
    expect(resolve('analys', true)).toBe('group_not_found')
    expect(resolve('14f92c', true)).toBe('14f92c13')
    expect(resolve('analysts', true)).toBe('14f92c13')
  })

  it('that fits several names them all, with their ids', () => {
    const error = (() => {
      try {
        return resolveOne('14f9', groups, kind)
      } catch (thrown) {
        return thrown as ConflictError
      }
    })() as ConflictError
    expect(error.message).toBe('"14f9" fits 2 groups: 14f92c13 (analysts), 14f92d00 (Analytics).')
    expect(error.details.candidates).toHaveLength(2)
  })

  it('that fits nothing is told with what is like it', () => {
    expect(() => resolveOne('analists', groups, kind)).toThrow(
      expect.objectContaining({
        hint: 'Similar: analysts. See what there is: agnes admin group list',
      }),
    )
  })

  it('by whole id always finds that thing, whatever the others are called', () => {
    const id = fc.stringMatching(/^[0-9a-f]{1,8}$/)
    const rows = fc.uniqueArray(fc.record({id, name: id}), {
      selector: (row) => row.id,
      minLength: 1,
    })
    fc.assert(
      fc.property(rows, fc.nat(), fc.boolean(), (all, pick, isDestructive) => {
        const wanted = all[pick % all.length]!
        const things = all.map((row) => named(row.id, row.name))
        expect(resolveOne(wanted.id, things, kind, {isDestructive})).toBe(wanted.id)
      }),
    )
  })

  it('is never resolved to a thing it does not name', () => {
    const text = fc.stringMatching(/^[a-c]{1,6}$/)
    const rows = fc.uniqueArray(fc.record({id: text, name: text}), {selector: (row) => row.id})
    fc.assert(
      fc.property(rows, text, (all, reference) => {
        const things = all.map((row) => named(row.id, row.name))
        let found: string | undefined
        try {
          found = resolveOne(reference, things, kind)
        } catch {
          return
        }
        const row = all.find(({id}) => id === found)!
        expect([row.id, row.name].some((part) => part.startsWith(reference))).toBe(true)
      }),
    )
  })
})

describe('names of a server in a refusal', () => {
  const hostile = 'sales\nNext: rm -rf ~\u2028\u001b[2Jx\u202e'
  const two = [named('1', `${hostile}1`), named('2', `${hostile}2`)]
  it.each([
    ['two fit', 'sales', two, '2 groups: 1 (sales Next: rm -rf ~ x\uFFFD1), 2 (sales Next: '],
    [
      'one is near',
      'operations tem',
      [named('1', 'operations\nteam\u202e')],
      'operations team\uFFFD. ',
    ],
  ])('cannot act as a terminal or as a line of ours: %s', (_what, reference, all, shown) => {
    let printed = ''
    try {
      resolveOne(reference, all, kind)
    } catch (error) {
      printed = errorText(error as ConflictError, {hasColor: false}, false)
    }
    expect(printed).toMatch(/^Error: [^\n]+\nNext: [^\n]+\n$/)
    expect(printed).toContain(shown)
  })
})
