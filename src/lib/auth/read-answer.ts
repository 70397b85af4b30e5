import {UnreachableError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'

/** A checked answer; `UnreachableError` (code `unreadable_answer`) for one of another shape. */
export function readAnswer<T>(
  schema: {safeParse(value: unknown): {success: true; data: T} | {success: false; error: unknown}},
  body: unknown,
  {http, path}: {http: HttpClient; path: string},
): T {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  throw new UnreachableError(`${http.origin} answered ${path} with something else than expected.`, {
    code: 'unreadable_answer',
    hint: 'Check the server address; a proxy or another program may answer there.',
    details: {origin: http.origin, path},
    cause: read.error,
  })
}
