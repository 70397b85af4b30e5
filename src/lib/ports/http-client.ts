import type {Readable} from 'node:stream'

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string>>

export interface JsonRequest {
  query?: Record<string, string | number>
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it comes, instead of `body`. */
  upload?: UploadBody
  /** Sent as `If-None-Match`; the answer may then be 304 with no body. */
  etag?: string
  headers?: Headers
  /** Per phase, not total. Default 30,000. */
  timeoutMs?: number
  /** Every integer of the answer becomes a `bigint`, whatever its size; other numbers stay `number`. */
  lossless?: boolean
  /** Asks for `JsonAnswer.print`. */
  wantsPrint?: boolean
}

/** A body that is never whole in memory. Used once; stopped early when the server answers early. */
export interface UploadBody {
  contentType: string
  /** `null` when unknown: then sent in chunks. */
  sizeBytes: number | null
  bytes: AsyncIterable<Uint8Array>
}

export interface JsonAnswer {
  status: number
  headers: Headers
  /** Parsed JSON; integers beyond 2^53 are exact only with `lossless`. `undefined` for 204 and 304. */
  body: unknown
  /** Of the text as it came, see `answerPrint`; where `wantsPrint` asked for it. */
  print?: string
}

export interface StreamRequest {
  query?: Record<string, string | number>
  body?: unknown
  method?: 'GET' | 'POST'
  headers?: Headers
  /** Until the answer begins. Default 300,000. */
  timeoutMs?: number
}

/**
 * An open body. The caller must consume or destroy `body`. It breaks off with an `UnreachableError`,
 * or with the signal's reason; a body shorter than its Content-Length counts as broken off.
 */
export interface StreamAnswer {
  status: number
  headers: Headers
  body: Readable
}

/**
 * One server, one credential. Bound to its origin: paths only, redirects are never followed and the
 * token travels nowhere else. Every call makes exactly one request; retries are the caller's work. (A GET
 * whose kept-alive connection turns out to be closed is sent again: the server never saw it.)
 *
 * Error kinds: `AuthError` 401, `ForbiddenError` 403, `MissingError` 404 and 405, `ConflictError` 409,
 * `UsageError` 400, 413, 422 and any 3xx but 304, `RateLimitedError` 429, `ServerError` 5xx,
 * `UnreachableError` for no connection, a time-out or a body that is not what its type says.
 * Each carries `details.status` and, where the server gave one, `details.server` (its own error object).
 */
export interface HttpClient {
  /** `scheme://host[:port]`, no trailing slash. */
  readonly origin: string
  requestJson(
    method: string,
    path: string,
    request?: JsonRequest,
    signal?: AbortSignal,
  ): Promise<JsonAnswer>
  /** Resolves on 200, 206, 304, 400 to a Range and 416; anything else is an error of the kinds above. */
  openStream(path: string, request?: StreamRequest, signal?: AbortSignal): Promise<StreamAnswer>
}
