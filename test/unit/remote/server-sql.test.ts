import {describe, expect, it} from 'vitest'
import {admissionProblems, bareStatement} from '../../../src/lib/remote/server-sql.js'

describe('bareStatement', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['SELECT 1;', 'SELECT 1'],
    ['-- note; with\nSELECT 1 ; -- end\n', 'SELECT 1'],
    ["/* a */ /* b */ SELECT ';' AS x;", "SELECT ';' AS x"],
    ['SELECT 1 -- inside\n, 2', 'SELECT 1 -- inside\n, 2'],
    ["SELECT '-- text'", "SELECT '-- text'"],
    ['SELECT 1;;', 'SELECT 1;'],
    ['-- nothing', '-- nothing'],
    ['', ''],
  ])('makes of %j %j', (sql, bare) => expect(bareStatement(sql)).toBe(bare))
})

describe('admissionProblems', () => {
  it.each([
    ['SELECT payload FROM t', 'payload', 'line break'],
    ['SELECT max(last_update ) FROM t', 'last_update', 'line break'],
    ["SELECT 'drop me' FROM t", "'drop me'", 'from parts'],
    ["SELECT x FROM t WHERE path = '/home'", "'/home'", 'from parts'],
    ["SELECT x FROM t WHERE url = 'https://x.example'", "'https://x.example'", 'from parts'],
    ["SELECT ';' FROM t", "';'", 'chr(59)'],
    ['SELECT 1 /* update later */ FROM t', '/* update later */', 'comment'],
    ['SELECT * FROM information_schema.tables', 'information_schema', 'refuses'],
    ['SELECT "is_delete " FROM t', '"is_delete "', 'from parts'],
  ])('names the word in %j', (sql, text, advice) => {
    const [problem, ...others] = admissionProblems(sql)
    expect([problem?.text, others]).toEqual([text, []])
    expect(problem?.advice).toContain(advice)
  })

  it.each([
    'SELECT payload\nFROM t',
    "SELECT count(*) AS n, sum(amount) FROM orders WHERE day = DATE '2026-01-01'",
    'SELECT updated_at FROM t',
    'DROP TABLE t',
    'update t set x = 1',
  ])('finds none in %j', (sql) => expect(admissionProblems(sql)).toEqual([]))
})
