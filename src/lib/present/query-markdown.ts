import {cellText} from '../cells/cell-text.js'
import {isNumeric} from '../cells/numeric-kinds.js'
import type {CountedRows} from '../query/limit-rows.js'
import {sanitize} from './sanitize.js'

/** A GitHub table: one line per row, values that would break it or act as HTML escaped, NULL as nothing. */
export async function* markdownRows({columns, batches}: CountedRows): AsyncGenerator<string> {
  yield line(columns.map(({name}) => markdownText(name)))
  yield line(columns.map(({type}) => (isNumeric(type) ? '--:' : '---')))
  const texts = columns.map(({type}) => cellText(type))
  for await (const batch of batches) {
    const written = batch.columns.map((cells, index) =>
      cells.map((cell) => (cell === null ? '' : markdownText(texts[index]!(cell)))),
    )
    let lines = ''
    for (let row = 0; row < batch.rowCount; row++)
      lines += line(written.map((cells) => cells[row]!))
    yield lines
  }
}

function line(cells: string[]): string {
  return `| ${cells.join(' | ')} |\n`
}

const ENTITIES: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;'}

function markdownText(text: string): string {
  return sanitize(text)
    .replace(/[&<>]/g, (character) => ENTITIES[character]!)
    .replace(/[\\`*_[\]|~]/g, '\\$&')
    .replace(/\n/g, '<br>')
    .replace(/\t/g, ' ')
}
