import {z} from 'zod/mini'
import {AgnesError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'

/** The server's own text for CLAUDE.md. `unknown`: it could not be asked, so an earlier text stays. */
export type Welcome =
  | {kind: 'text'; text: string}
  /** An older server, or one with an empty template: our text stands alone. */
  | {kind: 'none'}
  | {kind: 'unknown'; reason: string}

const Answer = z.object({content: z.string()})

/** @param sanitize takes out of a server's text what could act on a terminal or hide */
export async function readWelcome(
  http: HttpClient,
  sanitize: (text: string) => string,
  signal?: AbortSignal,
): Promise<Welcome> {
  try {
    const query = {server_url: http.origin}
    const {body} = await http.requestJson('GET', '/api/welcome', {query}, signal)
    const answer = Answer.safeParse(body)
    const text = answer.success ? sanitize(answer.data.content).trim() : ''
    return text === '' ? {kind: 'none'} : {kind: 'text', text}
  } catch (error) {
    if (signal?.aborted || !(error instanceof AgnesError)) throw error
    if (error.code === 'not_found') return {kind: 'none'}
    return {kind: 'unknown', reason: error.message}
  }
}
