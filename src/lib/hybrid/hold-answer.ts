import {identifier} from '../catalog/table-source.js'
import {bytesText} from '../cells/amount-text.js'
import {TooLargeError} from '../errors.js'
import type {ColumnData, DataBatch, WarehouseSession} from '../ports/warehouse.js'
import {uniqueNames} from '../query/unique-names.js'

/** Rows on their way into the local session. */
export interface FetchedRows {
  columns: readonly {
    name: string
    /** The engine's type of the values as they come. */
    type: string
    /** The type to show them as, where that is another one. */
    castTo: string | null
  }[]
  batches: AsyncIterable<DataBatch>
}

/** What may be held in memory. */
export interface HoldLimits {
  /** Of one alias. */
  maxRows: number
  /** Of all aliases of a query together. */
  maxBytes: number
}

export interface HeldAnswer {
  rows: number
  /** Of the values, as they are held. */
  bytes: number
}

export interface HoldTarget {
  session: WarehouseSession
  alias: string
  /** Tells the tables of one session apart. */
  index: number
  /** Bytes held already. */
  heldBytes: number
  /** The analyst's catalog, which bare names mean otherwise; `null` without one. */
  catalog: string | null
}

/**
 * Puts rows into the session's memory and lets them answer to the alias, as a temporary view. All or
 * nothing: past a limit it is `TooLargeError`, because a join over a part is a wrong answer.
 */
export async function holdAnswer(
  {columns, batches}: FetchedRows,
  {session, alias, index, heldBytes, catalog}: HoldTarget,
  limits: HoldLimits,
  signal: AbortSignal,
): Promise<HeldAnswer> {
  const table = `agnes_held_${index}`
  const types = columns.map(({type}, at) => `c${at} ${type}`)
  const counter = {rows: 0, bytes: 0}
  await session.run(`CREATE TABLE memory.main.${table} (${types.join(', ')})`, [], signal)
  await session.run('USE memory', [], signal)
  await session.append(table, counted(batches, counter, {alias, limits, heldBytes}), signal)
  if (catalog !== null) await session.run(`USE ${identifier(catalog)}`, [], signal)
  const names = uniqueNames(columns.map(({name}) => name))
  const shown = columns.map(({castTo}, at) => {
    const value = castTo === null ? `c${at}` : `CAST(c${at} AS ${castTo})`
    return `${value} AS ${identifier(names[at]!)}`
  })
  await session.run(
    `CREATE TEMP VIEW ${identifier(alias)} AS SELECT ${shown.join(', ')} FROM memory.main.${table}`,
    [],
    signal,
  )
  return counter
}

async function* counted(
  batches: AsyncIterable<DataBatch>,
  counter: HeldAnswer,
  {alias, limits, heldBytes}: {alias: string; limits: HoldLimits; heldBytes: number},
): AsyncGenerator<DataBatch> {
  for await (const batch of batches) {
    counter.rows += batch.rowCount
    counter.bytes += batch.columns.reduce((sum, column) => sum + bytesOf(column), 0)
    if (counter.rows > limits.maxRows) throw tooManyRows(alias, limits.maxRows)
    if (heldBytes + counter.bytes > limits.maxBytes) throw tooManyBytes(alias, limits.maxBytes)
    yield batch
  }
}

function bytesOf(column: ColumnData): number {
  const validity = column.validity?.byteLength ?? 0
  switch (column.layout) {
    case 'fixed':
      return validity + column.data.byteLength
    case 'bytes':
      return validity + column.offsets.byteLength + column.data.byteLength
    case 'list':
      return validity + column.offsets.byteLength + bytesOf(column.child)
    case 'array':
      return validity + bytesOf(column.child)
    case 'struct':
      return column.children.reduce((sum, child) => sum + bytesOf(child), validity)
  }
}

const LESS = 'Aggregate or filter more in its SQL, or keep the rows here'

/** @param maxRows what may be held of one alias */
export function tooManyRows(alias: string, maxRows: number): TooLargeError {
  return new TooLargeError(
    `${alias} has more than ${maxRows} rows. Nothing was answered: a join over a part of it would be wrong.`,
    {
      code: 'register_too_many_rows',
      hint: `${LESS} with agnes snapshot create; or allow more with AGNES_REGISTER_MAX_ROWS.`,
      details: {alias, maxRows},
    },
  )
}

function tooManyBytes(alias: string, maxBytes: number): TooLargeError {
  return new TooLargeError(
    `With ${alias} the registered rows take more than ${bytesText(maxBytes)} of memory. Nothing was answered: a join over a part of them would be wrong.`,
    {
      code: 'register_too_many_bytes',
      hint: `${LESS} with agnes snapshot create; or allow more with AGNES_REGISTER_MAX_MB.`,
      details: {alias, maxBytes},
    },
  )
}
