import {describe, expect, it} from 'vitest'
import {scanShape} from '../../../src/lib/remote/scan-shape.js'

describe('scanShape', () => {
  it('finds table, columns and predicate of an aggregate', () => {
    const sql =
      "SELECT country_code, count(*) FROM web_sessions AS s WHERE s.event_date >= DATE '2026-01-01' GROUP BY 1 LIMIT 5"
    const shape = scanShape(sql)
    expect(shape).toMatchObject({
      table: 'web_sessions',
      hasStar: false,
      where: "s.event_date >= DATE '2026-01-01'",
    })
    expect('names' in shape && shape.names).toContain('country_code')
    expect('names' in shape && shape.names).toContain('event_date')
  })

  it.each([
    ['SELECT * FROM t', true],
    ['SELECT a, t.* FROM t', true],
    ['SELECT DISTINCT * FROM t', true],
    ['SELECT t FROM t', true],
    ['SELECT to_json(x) FROM t x', true],
    ['SELECT COLUMNS(c -> true) FROM t', true],
    ['SELECT count(*), a * b FROM t', false],
    ['SELECT t.a FROM t', false],
    ["SELECT '*', a FROM t -- , *", false],
  ])('says of %j that it reads all columns: %j', (sql, hasStar) =>
    expect(scanShape(sql)).toMatchObject({hasStar}),
  )

  it.each([
    ['SELECT a FROM t WHERE b = (1 + 2) ORDER BY a', 'b = (1 + 2)'],
    ['SELECT a FROM "T" WHERE b = \' limit \' LIMIT 1', "b = ' limit '"],
    ['SELECT extract(year FROM d) FROM t WHERE d IN (1, 2) AND e', 'd IN (1, 2) AND e'],
    ['SELECT a FROM t LIMIT 5', null],
  ])('reads the predicate of %j', (sql, where) => expect(scanShape(sql)).toMatchObject({where}))

  it.each([
    ['WITH x AS (SELECT 1) SELECT * FROM x', 'SELECT'],
    ['SELECT a FROM t WHERE b IN (SELECT c FROM d)', 'more than one SELECT'],
    ['SELECT a FROM t JOIN d USING (a)', 'more than one table'],
    ['SELECT a FROM t, d', 'more than one table'],
    ['SELECT a FROM t UNION FROM d', 'more than one query'],
    ['SELECT a FROM range(10)', 'plain table'],
    ['SELECT a FROM t TABLESAMPLE 10%', 'plain table'],
    ['SELECT a FROM `p.d.t`', 'path'],
    ['SELECT a FROM bq."d"."t"', 'path'],
    ['SELECT 1', 'no table'],
    ['FROM t', 'SELECT'],
    ['', 'SELECT'],
  ])('says why %j has none', (sql, reason) => {
    const shape = scanShape(sql)
    expect('reason' in shape && shape.reason).toContain(reason)
  })
})
