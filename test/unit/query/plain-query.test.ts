import {describe, expect, it} from 'vitest'
import {plainQuery} from '../../../src/lib/query/plain-query.js'

describe('plainQuery', () => {
  it.each([
    [['SELECT 1']],
    [['SELECT 1', '--json']],
    [['--sql', '--out', '--format', 'csv']],
    [['--sql=SELECT 1', '--limit=3']],
    [['-f', 'report.sql', '--workspace', 'ws']],
    [['--', '--out']],
    [[]],
  ])('lets a warm engine answer %j', (argv) => {
    expect(plainQuery(argv)).toEqual({readsStdin: false})
  })

  it('says when the statement is on standard input', () => {
    expect(plainQuery(['--stdin', '--format', 'csv'])).toEqual({readsStdin: true})
    expect(plainQuery(['--sql', '--stdin'])).toEqual({readsStdin: false})
  })

  it.each([
    [['SELECT 1', '--out', 'a.csv']],
    [['SELECT 1', '--out=a.csv']],
    [['SELECT 1', '--remote']],
    [['SELECT 1', '--scope', 'local']],
    [['--register', 'a=SELECT 1', 'FROM a']],
    [['--estimate', 'SELECT 1']],
    [['--server', 'prod', 'SELECT 1']],
    [['--help']],
    [['-h']],
    [['-freport.sql']],
    [['-- a comment\nSELECT 1']],
    [['--json=true']],
    [['--jso']],
  ])('leaves %j to this process', (argv) => {
    expect(plainQuery(argv)).toBeNull()
  })
})
