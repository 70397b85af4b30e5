import {jsonOf} from '../cells/cell-json.js'
import type {Column, WarehouseSession} from '../ports/warehouse.js'
import {plainNumbers, type SchemaColumn, type TableSample} from '../wire/schema.js'
import type {LocalSource, OpenTable} from './local-session.js'

/** First rows of a table, in no order that means anything. */
export interface SampleRows {
  /** Whose rows: of something on this computer, or what the server sent just now. */
  from: LocalSource | 'server'
  /** Rows of what they were taken from; `null` when not known. */
  totalRows: number | null
  columns: {name: string; type: string | null}[]
  /** One array per row. Integers beyond 2^53 and decimals are texts, times ISO 8601, NaN a text. */
  rows: unknown[][]
}

export async function localRows(
  {session, columns, sql, source}: OpenTable,
  count: number,
  signal: AbortSignal,
): Promise<SampleRows> {
  const {parseLossless} = await import('../wire/lossless-json.js')
  const jsons = columns.map(({type}) => jsonOf(type))
  const cells = await session.rows(`SELECT * FROM ${sql} LIMIT ${count}`, [], signal)
  const rows = cells.map((row) =>
    row.map((cell, index) => plainNumbers(parseLossless(jsons[index]!(cell)))),
  )
  // A view of the analyst may have to be worked out whole to be counted.
  const totalRows = source === 'own' ? null : await countRows(session, sql, signal)
  return {from: source, totalRows, columns: namesAndTypes(columns), rows}
}

/** The server's rows in the order of the schema; its own way to write days is undone. */
export function serverRows(sample: TableSample, schema: readonly SchemaColumn[]): SampleRows {
  const known = new Map(schema.map(({name, type}) => [name, type]))
  const unknown = sample.rows.flatMap((row) => Object.keys(row)).filter((name) => !known.has(name))
  const columns = [
    ...schema.map(({name, type}) => ({name, type})),
    ...[...new Set(unknown)].map((name) => ({name, type: null})),
  ]
  const sent = new Set(sample.rows.flatMap((row) => Object.keys(row)))
  const shown = sample.rows.length === 0 ? columns : columns.filter(({name}) => sent.has(name))
  const rows = sample.rows.map((row) =>
    shown.map(({name, type}) => undoFrame(row[name] ?? null, type ?? '')),
  )
  return {from: 'server', totalRows: null, columns: shown, rows}
}

/** Servers send samples through a data frame, which writes absent times as `NaT` and days as midnights. */
function undoFrame(value: unknown, type: string): unknown {
  if (value === 'NaT' && /^(date|timestamp)/i.test(type)) return null
  const isMidnight = typeof value === 'string' && /^\d{4}-\d\d-\d\dT00:00:00$/.test(value)
  return isMidnight && /^date$/i.test(type) ? value.slice(0, 10) : value
}

async function countRows(
  session: WarehouseSession,
  sql: string,
  signal: AbortSignal,
): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) FROM ${sql}`, [], signal)
  return Number(row![0])
}

function namesAndTypes(columns: readonly Column[]): {name: string; type: string}[] {
  return columns.map(({name, typeText}) => ({name, type: typeText}))
}
