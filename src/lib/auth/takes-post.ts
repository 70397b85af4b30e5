import {MissingError, UsageError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'

/** Whether the server has this endpoint: what an empty body is answered with. Nothing is told to it. */
export async function takesPost(
  http: HttpClient,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await http.requestJson('POST', path, {body: {}}, signal)
    return true
  } catch (error) {
    if (error instanceof MissingError) return false
    // "email is required": the endpoint is there.
    if (error instanceof UsageError && [400, 422].includes(Number(error.details.status)))
      return true
    throw error
  }
}
