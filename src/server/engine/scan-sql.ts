import {ApiError} from '../api-error.js'
import type {ScanRequest} from '../model.js'

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export interface ScanColumns {
  /** Selected columns, spelled as the table spells them. */
  select: readonly string[]
  orderBy: readonly {column: string; isDescending: boolean}[]
}

/** Resolves `select` and `order_by` against the schema, names compared without case. 400 as recorded. */
export function resolveColumns(request: ScanRequest, columns: readonly string[]): ScanColumns {
  const spelling = new Map(columns.map((name) => [name.toLowerCase(), name]))
  const select = request.select ?? []
  refuseUnknown(select, spelling, 'unknown columns')
  const orderBy = (request.order_by ?? []).map((text) => parseOrder(text, spelling))
  refuseUnknown(
    orderBy.map(({column}) => column),
    spelling,
    'unknown columns in order_by',
  )
  const exact = (name: string) => spelling.get(name.toLowerCase()) ?? name
  return {
    select: select.length === 0 ? columns : select.map(exact),
    orderBy: orderBy.map(({column, isDescending}) => ({column: exact(column), isDescending})),
  }
}

function refuseUnknown(
  names: readonly string[],
  spelling: Map<string, string>,
  message: string,
): void {
  const unknown = names.filter((name) => !spelling.has(name.toLowerCase()))
  if (unknown.length > 0)
    throw new ApiError(400, `${message}: [${unknown.map((name) => `'${name}'`).join(', ')}]`)
}

/** `col`, `col ASC` or `col DESC`; a column whose own name ends in such a word is taken as a column. */
function parseOrder(
  text: string,
  spelling: Map<string, string>,
): {column: string; isDescending: boolean} {
  const trimmed = text.trim()
  if (spelling.has(trimmed.toLowerCase())) return {column: trimmed, isDescending: false}
  const match = /^(.*\S)\s+(asc|desc)$/i.exec(trimmed)
  if (!match) return {column: trimmed, isDescending: false}
  return {column: match[1] ?? '', isDescending: match[2]?.toLowerCase() === 'desc'}
}

/**
 * The statement of a scan over `source` (quoted SQL). `where` must have passed `checkWhere`; it stands
 * on its own lines so that a comment in it ends where it should.
 */
export function scanSql(
  source: string,
  columns: ScanColumns,
  options: {alias: string; where: string | null; limit: number | null},
): string {
  const order = columns.orderBy.map(
    ({column, isDescending}) => `${quoteName(column)} ${isDescending ? 'DESC' : 'ASC'}`,
  )
  return [
    `SELECT ${columns.select.map(quoteName).join(', ')} FROM ${source} AS ${quoteName(options.alias)}`,
    options.where === null ? '' : `WHERE (\n${options.where}\n)`,
    order.length === 0 ? '' : `ORDER BY ${order.join(', ')}`,
    options.limit === null ? '' : `LIMIT ${options.limit}`,
  ]
    .filter((line) => line !== '')
    .join('\n')
}
