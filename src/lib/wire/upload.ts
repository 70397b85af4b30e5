import {UnreachableError} from '../errors.js'
import type {Headers, UploadBody} from '../ports/http-client.js'

/** The server's side of uploads: limits, names, the multipart form, the answer. */

export const UPLOAD_SESSIONS_PATH = '/api/upload/sessions'
export const UPLOAD_NOTES_PATH = '/api/upload/local-md'
/** Inclusive, counted after redaction and before compression. */
export const MAX_UPLOAD_BYTES = 52_428_800
const MAX_NAME = 200
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** Whether every server takes a file of this name; `.gz` may still be put behind it. */
export function isUploadName(name: string): boolean {
  return NAME.test(name) && name.length + '.gz'.length <= MAX_NAME
}

/** Whether this answer says that `name.gz` is unpacked there. Absent says nothing, so no. */
export function acceptsGzip(headers: Headers): boolean {
  const tokens = (headers['x-agnes-accepts'] ?? '').split(',')
  return tokens.some((token) => token.trim() === 'session-gzip')
}

export interface UploadFile {
  /** Passes `isUploadName`, or such a name with `.gz`. */
  fileName: string
  /** `null` when unknown. */
  sizeBytes: number | null
  bytes: AsyncIterable<Uint8Array>
  /** Must not occur in the bytes; random. */
  boundary: string
}

/** A form with the one field the server reads. Nothing is held: bytes pass through. */
export function uploadForm({fileName, sizeBytes, bytes, boundary}: UploadFile): UploadBody {
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    sizeBytes: sizeBytes === null ? null : head.length + sizeBytes + tail.length,
    bytes: framed(head, bytes, tail),
  }
}

async function* framed(
  head: Uint8Array,
  bytes: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head
  yield* bytes
  yield tail
}

export interface UploadAnswer {
  /** As stored; without `.gz` where the server unpacked it. */
  fileName: string
  /** Stored bytes, after unpacking. */
  sizeBytes: number
}

/** `UnreachableError` (code `unreadable_answer`) for anything else: that must not count as stored. */
export function readUploadAnswer(body: unknown): UploadAnswer {
  const answer = body as {status?: unknown; filename?: unknown; size?: unknown} | null | undefined
  if (
    answer?.status === 'ok' &&
    typeof answer.filename === 'string' &&
    typeof answer.size === 'number'
  )
    return {fileName: answer.filename, sizeBytes: answer.size}
  throw notStored()
}

/** The same for local notes, whose answer counts characters. */
export function checkNotesAnswer(body: unknown): void {
  if ((body as {status?: unknown} | null | undefined)?.status !== 'ok') throw notStored()
}

function notStored(): UnreachableError {
  return new UnreachableError('The answer to the upload is not one of an Agnes server.', {
    code: 'unreadable_answer',
    hint: 'Check the server address; a proxy may stand in front of it. The next push sends again.',
  })
}
