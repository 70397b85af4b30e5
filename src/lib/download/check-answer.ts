import {type AgnesError, UnreachableError} from '../errors.js'
import type {Headers} from '../ports/http-client.js'
import {sanitizeLine} from '../present/sanitize.js'

/** One request of a download: the bytes wanted and what is known of the object so far. */
export interface Wanted {
  start: number
  /** Exclusive; `null` up to the end, whose place nobody knows yet. */
  end: number | null
  /** Of the whole object. */
  sizeBytes: number | null
  /** The first answer's strong ETag. */
  etag: string | null
  /** False: no Range header, the whole object is asked for. */
  isRange: boolean
}

/** Facts of an answer that may be read. */
export interface Facts {
  /** Bytes the body will have; `null` when the server did not say. */
  bodyBytes: number | null
  /** Of the whole object; `null` when unknown. */
  sizeBytes: number | null
  /** Only a strong one: with a weak one bytes of two versions could be mixed. */
  etag: string | null
  /** `X-Agnes-Content-MD5`. */
  serverMd5: string | null
}

export type Verdict =
  /** Exactly the range that was asked for. */
  | ({kind: 'part'} & Facts)
  /** The object from its first byte. */
  | ({kind: 'whole'} & Facts)
  /** Ranges do not work here, or the object is another one now. */
  | {kind: 'restart'; why: string}
  | {kind: 'refused'; error: AgnesError}

/** What an answer's status and headers mean for the request that was made. */
export function checkAnswer(wanted: Wanted, status: number, headers: Headers): Verdict {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    return {kind: 'refused', error: unreadable(`as ${encoding}, which was not asked for`, headers)}
  if (status === 200) return {kind: 'whole', ...facts(headers, length(headers))}
  if (status === 206 && wanted.isRange) return checkPart(wanted, headers)
  if (wanted.isRange && (status === 400 || status === 416))
    return {kind: 'restart', why: `the range was refused with HTTP ${status}`}
  return {kind: 'refused', error: unreadable(`with HTTP ${status}`, headers)}
}

function checkPart(wanted: Wanted, headers: Headers): Verdict {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '')
  const [first, last, total] = match ? match.slice(1).map(Number) : []
  if (first === undefined || last === undefined || total === undefined)
    return {kind: 'restart', why: 'a partial answer did not say which part it is'}
  const end = wanted.end ?? total
  const isSameSize = wanted.sizeBytes === null || wanted.sizeBytes === total
  if (first !== wanted.start || last + 1 !== end || !isSameSize)
    return {kind: 'restart', why: 'a partial answer was another part than the one asked for'}
  const bodyBytes = length(headers)
  if (bodyBytes !== null && bodyBytes !== end - first)
    return {kind: 'restart', why: 'a partial answer had another length than its range'}
  const known = facts(headers, total)
  if (wanted.etag !== null && known.etag !== null && known.etag !== wanted.etag)
    return {kind: 'restart', why: 'the object was replaced between two requests'}
  return {kind: 'part', ...known, bodyBytes: end - first}
}

function facts(headers: Headers, sizeBytes: number | null): Facts {
  const etag = headers.etag
  const md5 = headers['x-agnes-content-md5']?.toLowerCase()
  return {
    bodyBytes: length(headers),
    sizeBytes,
    etag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null,
    serverMd5: md5 !== undefined && /^[0-9a-f]{32}$/.test(md5) ? md5 : null,
  }
}

function length(headers: Headers): number | null {
  const value = headers['content-length']
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : null
}

/** An answer of which nothing can be used, such as a sign-in page. */
export function unreadable(how: string, headers: Headers): UnreachableError {
  const contentType = sanitizeLine(headers['content-type'] ?? 'nothing named').slice(0, 100)
  return new UnreachableError(`The server answered a download ${how} (${contentType}).`, {
    code: 'unreadable_answer',
    hint: 'A proxy or a sign-in page may stand in front of the server. Check the server address.',
    details: {contentType},
  })
}
