import {widthOf} from './columns.js'
import {paint, type Terminal} from './terminal.js'

/** Rows of one-line texts; `null` is an absent value. */
export interface TextTable {
  header: readonly string[]
  /** Which columns are aligned to the right. */
  right: readonly boolean[]
  rows: (string | null)[][]
}

const NULL_TEXT = 'NULL'

/** A drawn box; `undefined` when the terminal is too narrow for it. */
export function boxTable(table: TextTable, terminal: Terminal): string | undefined {
  const widths = table.header.map((name, index) =>
    table.rows.reduce(
      (width, row) => Math.max(width, widthOf(row[index] ?? NULL_TEXT)),
      widthOf(name),
    ),
  )
  const total = widths.reduce((sum, width) => sum + width + 3, 1)
  if (total > terminal.columns) return undefined
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right + '\n'
  const cell = (text: string | null, index: number) => {
    const space = ' '.repeat(widths[index]! - widthOf(text ?? NULL_TEXT))
    const shown = text ?? paint(terminal, 'dim', NULL_TEXT)
    return table.right[index] ? space + shown : shown + space
  }
  const line = (cells: string[]) => `│ ${cells.join(' │ ')} │\n`
  const names = table.header.map((name, index) => paint(terminal, 'bold', cell(name, index)))
  return (
    rule('┌', '┬', '┐') +
    line(names) +
    rule('├', '┼', '┤') +
    table.rows.map((row) => line(row.map(cell))).join('') +
    rule('└', '┴', '┘')
  )
}

/** One block per row, one line per column: nothing is cut however many columns there are. */
export function recordBlocks(table: TextTable, terminal: Terminal): string {
  const width = Math.max(0, ...table.header.map(widthOf))
  if (table.rows.length === 0) return table.header.join('\n') + '\n'
  const blocks = table.rows.map((row, number) => {
    const lines = table.header.map((name, index) => {
      const label = name + ' '.repeat(width - widthOf(name))
      return `${paint(terminal, 'bold', label)}  ${row[index] ?? paint(terminal, 'dim', NULL_TEXT)}\n`
    })
    return `${paint(terminal, 'dim', `── row ${number + 1} ──`)}\n${lines.join('')}`
  })
  return blocks.join('')
}
