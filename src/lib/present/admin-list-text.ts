import {countText} from './amounts.js'
import {alignColumns} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** One column of a list. */
export interface Column<Row> {
  title: string
  cell(row: Row): string | number | boolean | null | undefined
  isNumber?: boolean
  /** Long ids: shown shortened on a terminal; their beginning is enough for every command. */
  isId?: boolean
}

/** The columns of one kind of row, and what to say where there are none. */
export interface ListShape<Row> {
  columns: readonly Column<Row>[]
  empty: string
}

/**
 * A page of a list. On a terminal aligned, with a head on the first page; in a pipe the same columns
 * tab-separated, ids whole, and nothing for an empty list.
 */
export function listPage<Row>(
  {columns, empty}: ListShape<Row>,
  rows: readonly Row[],
  {terminal, isFirst}: {terminal: Terminal; isFirst: boolean},
): string {
  if (rows.length === 0) return terminal.isTty ? empty : ''
  if (!terminal.isTty)
    return rows
      .map((row) => columns.map((column) => sanitizeLine(plain(column.cell(row)))).join('\t'))
      .join('\n')
  const head = columns.map(({title}) => paint(terminal, 'bold', title))
  const lines = rows.map((row) => columns.map((column) => shown(column, row)))
  const right = columns.flatMap(({isNumber}, index) => (isNumber ? [index] : []))
  return alignColumns(isFirst ? [head, ...lines] : lines, {right}).join('\n')
}

function plain(value: ReturnType<Column<never>['cell']>): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === null || value === undefined ? '' : String(value)
}

function shown<Row>(column: Column<Row>, row: Row): string {
  const value = column.cell(row)
  if (typeof value === 'number') return countText(value)
  const text = sanitizeLine(plain(value))
  if (column.isId) return shortId(text)
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? text.slice(0, 19).replace('T', ' ') : text
}

/** The first eight digits of a random id; other ids are names and stay whole. */
export function shortId(id: string): string {
  return /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id.slice(0, 8) : id
}
