import type {FastifyReply} from 'fastify'
import {ApiError} from './api-error.js'

/** As `src/lib/admin` asks for pages; without `page_size` a list comes whole, as the contract has it. */
export interface PageQuery {
  page_size?: string
  /** What the page before said in `x-agnes-next-page`. */
  after?: string
}

export const NEXT_PAGE_HEADER = 'x-agnes-next-page'
const MAX_PAGE = 10_000

export interface Paged<Row> {
  /** Sorted by `keyOf`, ascending. */
  rows: readonly Row[]
  /** Unique; the place of a row in the order. A page goes on behind it, also when the row is gone by then. */
  keyOf(row: Row): string
}

/** The rows of one page; names the next one in a header of `reply` where there is one. */
export function pageOf<Row>(
  {rows, keyOf}: Paged<Row>,
  query: PageQuery,
  reply: FastifyReply,
): readonly Row[] {
  if (query.page_size === undefined) return rows
  const size = Number(query.page_size)
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE)
    throw new ApiError(422, [
      {
        type: 'value_error',
        loc: ['query', 'page_size'],
        msg: `Input should be a whole number from 1 to ${MAX_PAGE}`,
        input: query.page_size,
      },
    ])
  const from = query.after === undefined ? 0 : placeAfter(rows, keyOf, decode(query.after))
  const page = rows.slice(from, from + size)
  const last = page.at(-1)
  if (last !== undefined && from + size < rows.length)
    reply.header(NEXT_PAGE_HEADER, Buffer.from(keyOf(last)).toString('base64url'))
  return page
}

/** Index of the first row behind `key`. */
function placeAfter<Row>(rows: readonly Row[], keyOf: (row: Row) => string, key: string): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyOf(rows[middle]!) <= key) low = middle + 1
    else high = middle
  }
  return low
}

function decode(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString('utf8')
}

/** The same order as `keyOf` compares: code units, whatever the language of the machine. */
export function byKey<Row>(keyOf: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}
