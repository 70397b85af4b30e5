import {describe, expect, it} from 'vitest'
import {ApiError} from '../../../src/server/api-error.js'
import {parseJsonBody} from '../../../src/server/json-body.js'
import {RequestBody} from '../../../src/server/request-body.js'

function refusal(read: () => unknown): unknown {
  try {
    read()
  } catch (error) {
    if (error instanceof ApiError) return {status: error.status, detail: error.detail}
  }
  return undefined
}

describe('a request body', () => {
  it('tells every problem at once, as the reference server words them', () => {
    const input = {limit: 'many', tags: [1]}
    const failure = refusal(() => {
      const body = new RequestBody(input)
      body.text('sql')
      body.optionalWhole('limit')
      body.optionalTexts('tags')
      body.check()
    })
    expect(failure).toEqual({
      status: 422,
      detail: [
        {type: 'missing', loc: ['body', 'sql'], msg: 'Field required', input},
        {
          type: 'int_type',
          loc: ['body', 'limit'],
          msg: 'Input should be a valid integer',
          input: 'many',
        },
        {type: 'list_type', loc: ['body', 'tags'], msg: 'Input should be a valid list', input: [1]},
      ],
    })
  })

  it('takes absent and null for the same', () => {
    const body = new RequestBody({name: null})
    expect([body.optionalText('name'), body.optionalText('other')]).toEqual([null, null])
    expect(() => body.check()).not.toThrow()
  })

  it.each([[undefined], ['text'], [[1]], [null]])('is refused when it is %j', (input) => {
    expect(refusal(() => new RequestBody(input))).toMatchObject({status: 422})
  })

  it('is refused when it is not JSON, with the place', () => {
    expect(refusal(() => parseJsonBody('{"a": }'))).toMatchObject({
      status: 422,
      detail: [{type: 'json_invalid', msg: 'JSON decode error'}],
    })
    expect(parseJsonBody(' ')).toBeUndefined()
  })
})
