import {TooLargeError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'

/** More than this is not taken into memory. */
export const MAX_ARCHIVE_BYTES = 32 << 20

export type FetchedArchive =
  /** The server has what is on the shelf. */
  | {kind: 'same'}
  | {
      kind: 'archive'
      bytes: Buffer
      /** The ETag with its quotes, or the commit. */
      version: string
    }

/** @param known the ETag of what is on the shelf */
export async function fetchZip(
  http: HttpClient,
  known: string | undefined,
  signal?: AbortSignal,
): Promise<FetchedArchive> {
  const headers: Record<string, string> = known === undefined ? {} : {'if-none-match': known}
  const answer = await http.openStream('/marketplace.zip', {headers, timeoutMs: 60_000}, signal)
  if (answer.status === 304) {
    answer.body.resume()
    return {kind: 'same'}
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer.body) {
    size += (chunk as Buffer).length
    if (size > MAX_ARCHIVE_BYTES) throw tooLarge()
    chunks.push(chunk as Buffer)
  }
  return {kind: 'archive', bytes: Buffer.concat(chunks), version: answer.headers.etag ?? ''}
}

function tooLarge(): TooLargeError {
  return new TooLargeError('The marketplace archive is larger than 32 MiB.', {
    code: 'archive_too_large',
    hint: 'Nothing was changed. Tell the administrator of the server.',
  })
}
