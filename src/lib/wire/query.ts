import {UnreachableError} from '../errors.js'

/** `POST /api/query` of both server generations, read from a lossless body: integers are `bigint`. */
export interface QueryAnswerBody {
  /** As the result names them; duplicates are possible. */
  columns: string[]
  /** Positional, each as long as `columns`. */
  rows: WireCell[][]
  isTruncated: boolean
  /** `null` for unknown. */
  bytesScanned: number | null
  rowScope: {tables: string[]; note: string} | null
}

/** Everything that JSON has no type for arrives as text; arrays and objects come from no known server. */
export type WireCell = null | boolean | number | bigint | string | object

/** `UnreachableError` (code `unreadable_answer`) for a body that is no such answer. */
export function readQueryAnswer(body: unknown): QueryAnswerBody {
  const {columns, rows, truncated, bytes_scanned, row_scope} = isRecord(body) ? body : {}
  if (!isTexts(columns) || !Array.isArray(rows)) throw unreadable('columns and rows')
  for (const row of rows)
    if (!Array.isArray(row) || row.length !== columns.length)
      throw unreadable(`rows of ${columns.length} cells`)
  return {
    columns,
    rows: rows as WireCell[][],
    isTruncated: truncated === true,
    bytesScanned: wholeNumber(bytes_scanned),
    rowScope: readScope(row_scope),
  }
}

function readScope(scope: unknown): QueryAnswerBody['rowScope'] {
  if (!isRecord(scope)) return null
  const {policied_tables: tables, note} = scope
  return {tables: isTexts(tables) ? tables : [], note: typeof note === 'string' ? note : ''}
}

/** A count as lossless JSON carries it; `null` for anything else. */
function wholeNumber(value: unknown): number | null {
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function unreadable(what: string): UnreachableError {
  return new UnreachableError(`The server's answer to the query has no ${what}.`, {
    code: 'unreadable_answer',
    hint: 'A proxy may stand in front of the server. Check the server address.',
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
