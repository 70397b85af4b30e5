import type {RenderRows} from '../query/answer-source.js'
import {csvRows, tsvRows} from './query-delimited.js'
import {jsonDocument, ndjsonRows} from './query-json.js'
import {markdownRows} from './query-markdown.js'
import {tableRows} from './query-table.js'
import {sanitize} from './sanitize.js'
import type {Terminal} from './terminal.js'

export const QUERY_FORMATS = [
  'table',
  'json',
  'ndjson',
  'csv',
  'tsv',
  'markdown',
  'parquet',
  'arrow',
] as const

export type QueryFormat = (typeof QUERY_FORMATS)[number]

/** Rows shown without --limit: what people and agents read whole is kept short. */
const DEFAULT_LIMITS: Partial<Record<QueryFormat, number>> = {
  table: 1000,
  json: 1000,
  markdown: 1000,
}

export function defaultLimit(format: QueryFormat): number | null {
  return DEFAULT_LIMITS[format] ?? null
}

/** The writer of a format; `'parquet'` is left to the engine. */
export function queryRenderer(
  format: Exclude<QueryFormat, 'arrow'>,
  terminal: Terminal,
): RenderRows | 'parquet' {
  switch (format) {
    case 'parquet':
      return 'parquet'
    case 'table':
      return (rows) => tableRows(rows, terminal)
    case 'json':
      return (rows, {origin, notices}) => jsonDocument(rows, {origin, warnings: () => notices})
    case 'ndjson':
      return ndjsonRows
    case 'csv':
      return (rows) => forTerminal(csvRows(rows), terminal)
    case 'tsv':
      return (rows) => forTerminal(tsvRows(rows), terminal)
    case 'markdown':
      return markdownRows
  }
}

/** Exact bytes for files and pipes; a terminal gets them without what would act on it. */
async function* forTerminal(
  pieces: AsyncIterable<string>,
  {isTty}: Terminal,
): AsyncGenerator<string> {
  for await (const piece of pieces) yield isTty ? sanitize(piece) : piece
}
