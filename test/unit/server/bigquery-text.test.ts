import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {readBothWays} from '../../../src/server/engine/bigquery-text.js'

describe('SQL that is read by two parsers', () => {
  it('has names in the quotes of each, at the same places, and no comments', () => {
    expect(readBothWays("SELECT `a`, 'b -- c' /* d */ FROM `p.d.t` -- e")).toEqual({
      bigQuery: "SELECT `a`, 'b -- c'         FROM `p.d.t`     ",
      parser: `SELECT "a", 'b -- c'         FROM "p.d.t"     `,
    })
  })

  it.each([
    'SELECT "a"',
    "SELECT 'it''s'",
    String.raw`SELECT 'a\' FROM b'`,
    'SELECT $$a$$',
    'SELECT $a$ FROM b $a$',
    'SELECT x$a$ FROM b',
    'SELECT 1 # a',
    'SELECT /* /* */ 1 */',
    'SELECT `a',
    "SELECT 'a",
    'SELECT `a"b`',
    '\\',
  ])('is refused where they could differ: %s', (sql) => {
    expect(readBothWays(sql)).toMatchObject({problem: expect.stringMatching(/\.$/)})
  })

  it('never reaches BigQuery with a sign that means something else there', () => {
    const signs = fc.constantFrom(
      ...['a', ' ', "'", '"', '`', '\\', '#', '--', '/*', '*/', '$$', '$a$', '\n', ';', 'FROM t'],
    )
    fc.assert(
      fc.property(fc.array(signs, {maxLength: 30}), (parts) => {
        const both = readBothWays(parts.join(''))
        if ('problem' in both) return
        expect(both.parser).toHaveLength(both.bigQuery.length)
        const outside = both.bigQuery.replace(/'[^'\\]*'|`[^`"\\\n]+`/g, ' ')
        expect(outside).not.toMatch(/["'`\\#]|--|\/\*|\$\$/)
      }),
    )
  })
})
