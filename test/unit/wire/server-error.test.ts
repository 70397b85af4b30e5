import {describe, expect, it} from 'vitest'
import {readServerError} from '../../../src/lib/wire/server-error.js'
import {recorded, recordedBytes, recordedVersions} from '../../support/recorded.js'

function read(detail: unknown) {
  return readServerError(JSON.stringify({detail}))
}

describe('readServerError', () => {
  it('gives texts of queries a kind', () => {
    expect(read('Query error: Parser Error: syntax')).toEqual({
      kind: 'query_error',
      message: 'Parser Error: syntax',
    })
    expect(
      read(
        'Query error: Catalog Error: Table with name "no such" does not exist!\nDid you mean x?',
      ),
    ).toMatchObject({kind: 'query_table_missing', fields: {table: '"no such"'}})
    expect(read('Only single SELECT queries are allowed').kind).toBe('only_single_select')
    expect(read('Query must start with SELECT or WITH').kind).toBe('only_single_select')
    expect(read("Access denied to table 'pay'").fields).toEqual({table: 'pay'})
  })

  it('reads the three dialects', () => {
    expect(
      read({error: 'quota_exceeded', kind: 'daily_bytes', retry_after_seconds: 2}),
    ).toMatchObject({kind: 'daily_bytes', retryAfterMs: 2000})
    expect(read({error: 'bq_forbidden', message: 'no', details: {hint: 'ask'}})).toMatchObject({
      kind: 'bq_forbidden',
      message: 'no',
      hint: 'ask',
    })
    expect(read('anything else')).toEqual({message: 'anything else'})
    expect(readServerError('<html>')).toEqual({})
  })

  it('tells who is no administrator what it takes, and leaves the code alone', () => {
    expect(read('Admin access required')).toEqual({
      message: 'Admin access required',
      hint: expect.stringContaining('agnes admin group add-member Admin'),
    })
  })

  it.each(recordedVersions)('names the missing field of a request, as %s does', (version) => {
    const {response} = recorded(version).find(({label}) => label === 'query: no body')!
    expect(readServerError(recordedBytes(response.body).toString())).toEqual({
      kind: 'invalid_request',
      message: 'The server rejected the request: body.sql: Field required',
    })
  })
})
