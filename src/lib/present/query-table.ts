import {cellText} from '../cells/cell-text.js'
import {isNumeric} from '../cells/numeric-kinds.js'
import type {Column} from '../ports/warehouse.js'
import type {CountedRows} from '../query/limit-rows.js'
import {sanitizeLine} from './sanitize.js'
import {boxTable, recordBlocks, type TextTable} from './table.js'
import type {Terminal} from './terminal.js'

const NULL_TEXT = 'NULL'

/** For people: a box on a terminal, one block per record where it would not fit; plain tab-separated lines in a pipe. */
export function tableRows(rows: CountedRows, terminal: Terminal): AsyncGenerator<string> {
  return terminal.isTty ? onTerminal(rows, terminal) : inPipe(rows)
}

async function* inPipe(rows: CountedRows): AsyncGenerator<string> {
  yield header(rows.columns).join('\t') + '\n'
  for await (const lines of textRows(rows))
    yield lines.map((line) => line.map((text) => text ?? NULL_TEXT).join('\t') + '\n').join('')
}

/** The widths need every row; the limit keeps that small. */
async function* onTerminal(rows: CountedRows, terminal: Terminal): AsyncGenerator<string> {
  const table: TextTable = {
    header: header(rows.columns),
    right: rows.columns.map(({type}) => isNumeric(type)),
    rows: [],
  }
  for await (const lines of textRows(rows)) table.rows.push(...lines)
  yield boxTable(table, terminal) ?? recordBlocks(table, terminal)
}

function header(columns: readonly Column[]): string[] {
  return columns.map(({name}) => sanitizeLine(name))
}

/** Rows of one-line texts, `null` for NULL; one piece per batch. */
async function* textRows({columns, batches}: CountedRows): AsyncGenerator<(string | null)[][]> {
  const texts = columns.map(({type}) => cellText(type))
  for await (const batch of batches)
    yield Array.from({length: batch.rowCount}, (_, row) =>
      batch.columns.map((cells, index) => {
        const cell = cells[row]!
        return cell === null ? null : sanitizeLine(texts[index]!(cell))
      }),
    )
}
