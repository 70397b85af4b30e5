import {describe, expect, it} from 'vitest'
import {checkWhere} from '../../../src/lib/where/check-where.js'

const columns = ['country_code', 'event_date', 'amount', 'limit', 'Order ID']
const duckdb = {flavor: 'duckdb', columns} as const
const bigquery = {flavor: 'bigquery', columns} as const

describe('a condition', () => {
  it.each([
    ["country_code = 'CZ'", duckdb],
    ["country_code IN ('CZ', 'SK') AND amount BETWEEN 1 AND 2", duckdb],
    ["event_date >= DATE '2026-01-01'", bigquery],
    ['country_code = "CZ"', bigquery],
    ["country_code = 'it''s'", duckdb],
    ['limit = 5', duckdb],
    ['"Order ID" > 3', duckdb],
    ['`Order ID` > 3', bigquery],
    ["REGEXP_CONTAINS(country_code, r'^C\\w')", bigquery],
    ['CAST(amount AS INT64) > 3 -- enough', bigquery],
    ['amount::int % 2 = 0', duckdb],
    ['EXTRACT(YEAR FROM event_date) = 2026', bigquery],
    ['DATE_TRUNC(event_date, MONTH) = DATE "2026-01-01"', bigquery],
    ["country_code = ';' OR country_code = ')'", duckdb],
    ['CASE WHEN amount IS NULL THEN TRUE ELSE FALSE END', duckdb],
    ['orders.amount > 3', duckdb],
  ])('passes: %s', (where, facts) => {
    expect(checkWhere(where, facts)).toEqual([])
  })

  it.each([
    ['', duckdb, 'parse_error', ''],
    ['  ', duckdb, 'parse_error', ''],
    ['-- nothing', duckdb, 'parse_error', ''],
    ["country_code = 'CZ", duckdb, 'parse_error', 'single quotes'],
    ['amount > 1 /* why', duckdb, 'parse_error', ''],
    ['(amount > 1', duckdb, 'parse_error', ''],
    ['amount > 1)', duckdb, 'parse_error', ''],
    ['WHERE amount > 1', duckdb, 'parse_error', ''],
    ['1=1; DROP TABLE x', duckdb, 'multi_statement', 'semicolon'],
    ['amount IN (SELECT 1)', duckdb, 'nested_select', 'agnes query'],
    ['amount = 1 LIMIT 5', duckdb, 'disallowed_node', '--limit'],
    ['amount = 1 UNION ALL x', duckdb, 'disallowed_node', ''],
    ["contry_code = 'CZ'", duckdb, 'unknown_column', 'Did you mean country_code?'],
    ['country_code = "CZ"', duckdb, 'unknown_column', "'CZ'"],
    ["DATE_DIFF(event_date, DATE '2026-01-01', DAY) > 3", bigquery, 'unknown_function', 'DATE '],
    ["FORMAT_DATE('%Y', event_date) = '2026'", bigquery, 'unknown_function', "DATE '2026-01-01'"],
    ['SAFE_CAST(amount AS INT64) > 3', bigquery, 'unknown_function', 'CAST'],
    ["DATE_TRUNC('month', event_date) = DATE '2026-01-01'", duckdb, 'unknown_function', 'limits'],
    ['SUM(amount) > 3', duckdb, 'unknown_function', 'aggregate'],
  ])('is refused: %s', (where, facts, kind, hint) => {
    expect(() => checkWhere(where, facts)).toThrow(
      expect.objectContaining({
        code: 'where_invalid',
        exitCode: 2,
        details: {kind, checkedBy: 'client'},
        hint: expect.stringContaining(hint),
      }),
    )
  })

  it('is not held against columns nobody knows', () => {
    expect(checkWhere('anything > 3', {flavor: null, columns: null})).toEqual([])
  })
})
