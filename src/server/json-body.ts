import {ApiError} from './api-error.js'

/** A JSON body; an empty one is `undefined`, as if none had been sent. */
export function parseJsonBody(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0)
    throw new ApiError(422, [
      {
        type: 'json_invalid',
        loc: ['body', position],
        msg: 'JSON decode error',
        input: {},
        ctx: {error: 'Expecting value'},
      },
    ])
  }
}
