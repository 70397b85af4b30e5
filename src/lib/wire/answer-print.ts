import {createHash} from 'node:crypto'
import type {JsonAnswer, JsonRequest} from '../ports/http-client.js'

/**
 * A *mark* tells whether an answer is the one of last time: the server's ETag, or where it gives none a
 * *print* of ours, `sha256:` and the hash of the text without the server's own time.
 */
export type Mark = string

const OWN_TIME = /"server_time":\s*"[0-9T:.+Z-]*"/g

export function answerPrint(text: string): Mark {
  return `sha256:${createHash('sha256').update(text.replace(OWN_TIME, '')).digest('hex')}`
}

/** A print is compared here; only an ETag means something to the server. */
export function isPrint(mark: Mark): boolean {
  return mark.startsWith('sha256:')
}

/** A request whose answer can be marked, conditional where the server can tell. */
export function markedRequest(known: Mark | null): JsonRequest {
  return {wantsPrint: true, ...(known === null || isPrint(known) ? {} : {etag: known})}
}

export function markOf({headers, print}: JsonAnswer): Mark | null {
  return headers.etag ?? print ?? null
}
