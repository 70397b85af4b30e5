import {UnreachableError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'

/** Rows asked for at once; servers that do not page ignore it and send everything. */
export const PAGE_SIZE = 1000

/** Where the next page begins, as the server words it. Absent on the last page and where nothing is paged. */
export const NEXT_PAGE_HEADER = 'x-agnes-next-page'

export interface PagedList<Row> {
  path: string
  query: Record<string, string | number>
  read(body: unknown): Row[]
}

/** The pages of a list, each asked for when the one before it was used. Every row comes exactly once. */
export async function* pagesOf<Row>(
  http: HttpClient,
  {path, query, read}: PagedList<Row>,
  signal?: AbortSignal,
): AsyncGenerator<Row[]> {
  const seen = new Set<string>()
  let after: string | undefined
  do {
    const paged = {...query, page_size: PAGE_SIZE, ...(after === undefined ? {} : {after})}
    const {body, headers} = await http.requestJson('GET', path, {query: paged}, signal)
    yield read(body)
    after = headers[NEXT_PAGE_HEADER]
    if (after !== undefined && seen.has(after)) throw runsInCircles(path)
    if (after !== undefined) seen.add(after)
  } while (after !== undefined)
}

/** All of a list, for what has to be looked at whole. */
export async function collect<Row>(pages: AsyncIterable<Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) for (const row of page) rows.push(row)
  return rows
}

/** Without this a broken server would keep a list going for ever. */
export function runsInCircles(path: string): UnreachableError {
  return new UnreachableError(`The list ${path} of the server does not end.`, {
    code: 'unreadable_answer',
    hint: 'Tell your administrator: the server names a page it has sent before.',
  })
}

/** A list that comes at once, as a list of one page. */
export async function* onePage<Row>(rows: Promise<Row[]>): AsyncGenerator<Row[]> {
  yield await rows
}

/** The first `limit` rows; later pages are not asked for. All of them without a limit. */
export async function* firstRows<Row>(
  pages: AsyncIterable<Row[]>,
  limit: number | undefined,
): AsyncGenerator<Row[]> {
  let left = limit ?? Infinity
  for await (const rows of pages) {
    yield rows.length > left ? rows.slice(0, left) : rows
    left -= rows.length
    if (left <= 0) return
  }
}
