import {cellText} from '../cells/cell-text.js'
import {isNumeric} from '../cells/numeric-kinds.js'
import type {Cell, ColumnType} from '../ports/warehouse.js'
import type {CountedRows} from '../query/limit-rows.js'

/** How values are written between separators, and what NULL is. */
interface Dialect {
  separator: string
  null: string
  escape(text: string): string
}

/** RFC 4180 with LF: NULL is nothing, the empty text is `""`. */
const CSV: Dialect = {
  separator: ',',
  null: '',
  escape: (text) =>
    text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
}

const TSV_ESCAPES: Record<string, string> = {'\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r'}

/** One line per row whatever is in it: backslash escapes, NULL is `\N`. */
const TSV: Dialect = {
  separator: '\t',
  null: '\\N',
  escape: (text) =>
    /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, (c) => TSV_ESCAPES[c]!) : text,
}

export function csvRows(rows: CountedRows): AsyncGenerator<string> {
  return delimitedRows(rows, CSV)
}

export function tsvRows(rows: CountedRows): AsyncGenerator<string> {
  return delimitedRows(rows, TSV)
}

/** One piece for the header, one per batch. */
async function* delimitedRows(
  {columns, batches}: CountedRows,
  dialect: Dialect,
): AsyncGenerator<string> {
  const {separator} = dialect
  yield columns.map(({name}) => dialect.escape(name)).join(separator) + '\n'
  const texts = columns.map(({type}) => columnText(type, dialect))
  for await (const batch of batches) {
    const written = batch.columns.map((cells, index) => cells.map(texts[index]!))
    let lines = ''
    for (let row = 0; row < batch.rowCount; row++) {
      lines += written[0]?.[row] ?? ''
      for (let index = 1; index < written.length; index++)
        lines += separator + written[index]![row]!
      lines += '\n'
    }
    yield lines
  }
}

function columnText(type: ColumnType, dialect: Dialect): (cell: Cell) => string {
  const text = cellText(type)
  if (isNumeric(type)) return (cell) => (cell === null ? dialect.null : text(cell))
  return (cell) => (cell === null ? dialect.null : dialect.escape(text(cell)))
}
