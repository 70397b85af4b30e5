import {makeData, type Data, type DataType} from 'apache-arrow'
import {QueryError} from '../errors.js'
import type {Cell, ColumnType} from '../ports/warehouse.js'
import {cellText} from '../cells/cell-text.js'

/** The memory of one Arrow array, made from the cells of one column of one batch. */

type Kind = ColumnType['kind']
type OfKind<K extends Kind> = Extract<ColumnType, {kind: K}>
type Cells = readonly Cell[]
/** The parts of `makeData` that differ from type to type. */
interface Parts {
  data?: ArrayBufferView
  valueOffsets?: Int32Array
  typeIds?: Int8Array
  child?: Data
  children?: Data[]
}

const DATE_INFINITY = 2_147_483_647
const INT64_MAX = 9_223_372_036_854_775_807n
const DECIMAL_38_LIMIT = 10n ** 38n

const BUILDERS: {[K in Kind]: (cells: Cells, type: OfKind<K>, arrow: DataType) => Parts} = {
  boolean: bits,
  tinyint: (cells) => ({data: fill(new Int8Array(cells.length), cells, 0)}),
  smallint: (cells) => ({data: fill(new Int16Array(cells.length), cells, 0)}),
  integer: (cells) => ({data: fill(new Int32Array(cells.length), cells, 0)}),
  bigint: (cells) => ({data: fill(new BigInt64Array(cells.length), cells, 0n)}),
  utinyint: (cells) => ({data: fill(new Uint8Array(cells.length), cells, 0)}),
  usmallint: (cells) => ({data: fill(new Uint16Array(cells.length), cells, 0)}),
  uinteger: (cells) => ({data: fill(new Uint32Array(cells.length), cells, 0)}),
  ubigint: (cells) => ({data: fill(new BigUint64Array(cells.length), cells, 0n)}),
  hugeint: wideIntegers,
  uhugeint: text,
  bignum: text,
  float: (cells) => ({data: fill(new Float32Array(cells.length), cells, 0)}),
  double: (cells) => ({data: fill(new Float64Array(cells.length), cells, 0)}),
  decimal: wideIntegers,
  varchar: text,
  json: text,
  uuid: text,
  enum: text,
  bit: text,
  other: text,
  timetz: text,
  blob: binary,
  date: (cells) => ({data: dates(cells)}),
  time: (cells) => ({data: fill(new BigInt64Array(cells.length), cells, 0n)}),
  time_ns: (cells) => ({data: fill(new BigInt64Array(cells.length), cells, 0n)}),
  timestamp: (cells) => ({data: timestamps(cells)}),
  interval: (cells) => ({data: intervals(cells)}),
  list: (cells, {item}, arrow) => nested(cells, item, arrow),
  array: fixedLists,
  struct: (cells, {fields}, arrow) => ({
    children: fields.map(({type}, index) =>
      arrowData(
        type,
        cells.map((cell) => (cell === null ? null : (cell as Cell[])[index]!)),
        arrow.children[index]!.type as DataType,
      ),
    ),
  }),
  map: maps,
  union: unions,
  null: () => ({}),
}

export function arrowData(type: ColumnType, cells: Cells, arrow: DataType): Data {
  const build = BUILDERS[type.kind] as (cells: Cells, type: ColumnType, arrow: DataType) => Parts
  const parts = build(cells, type, arrow)
  const hasBitmap = type.kind !== 'null' && type.kind !== 'union'
  const validity = hasBitmap ? validityOf(cells) : undefined
  return makeData({type: arrow, length: cells.length, ...validity, ...parts} as never)
}

function validityOf(cells: Cells): {nullBitmap: Uint8Array; nullCount: number} | {nullCount: 0} {
  let nullCount = 0
  for (const cell of cells) if (cell === null) nullCount++
  if (nullCount === 0) return {nullCount: 0}
  const nullBitmap = new Uint8Array((cells.length + 7) >> 3)
  cells.forEach((cell, row) => {
    if (cell !== null) nullBitmap[row >> 3]! |= 1 << (row & 7)
  })
  return {nullBitmap, nullCount}
}

function bits(cells: Cells): Parts {
  const data = new Uint8Array((cells.length + 7) >> 3)
  cells.forEach((cell, row) => {
    if (cell === true) data[row >> 3]! |= 1 << (row & 7)
  })
  return {data}
}

function fill<A extends {[index: number]: number | bigint}>(
  target: A & ArrayBufferView,
  cells: Cells,
  empty: number | bigint,
): ArrayBufferView {
  const writable: {[index: number]: unknown} = target
  for (let row = 0; row < cells.length; row++) writable[row] = cells[row] ?? empty
  return target
}

/** 128 bits each, little-endian. A HUGEINT beyond 38 digits has no place in decimal128(38, 0). */
function wideIntegers(cells: Cells): Parts {
  const halves = new BigUint64Array(cells.length * 2)
  for (let row = 0; row < cells.length; row++) {
    const value = (cells[row] ?? 0n) as bigint
    if (value >= DECIMAL_38_LIMIT || value <= -DECIMAL_38_LIMIT)
      throw tooWide(value, 'cast the column to VARCHAR')
    halves[2 * row] = BigInt.asUintN(64, value)
    halves[2 * row + 1] = BigInt.asUintN(64, value >> 64n)
  }
  return {data: new Uint32Array(halves.buffer)}
}

function tooWide(value: unknown, advice: string): QueryError {
  return new QueryError(`${String(value)} does not fit into the Arrow format.`, {
    code: 'arrow_overflow',
    hint: `In the query, ${advice}.`,
  })
}

function text(cells: Cells, type: ColumnType): Parts {
  const textOf = cellText(type)
  const texts = cells.map((cell) => (cell === null ? '' : textOf(cell)))
  let capacity = 0
  for (const item of texts) capacity += item.length * 3
  const data = Buffer.allocUnsafeSlow(capacity)
  const valueOffsets = new Int32Array(cells.length + 1)
  let at = 0
  for (let row = 0; row < texts.length; row++) {
    if (texts[row] !== '') at += data.write(texts[row]!, at, 'utf8')
    valueOffsets[row + 1] = at
  }
  return {data: data.subarray(0, at), valueOffsets}
}

function binary(cells: Cells): Parts {
  const valueOffsets = offsetsOf(cells, (cell) => (cell as Uint8Array).length)
  const data = new Uint8Array(valueOffsets[cells.length]!)
  cells.forEach((cell, row) => {
    if (cell !== null) data.set(cell as Uint8Array, valueOffsets[row]!)
  })
  return {data, valueOffsets}
}

function offsetsOf(cells: Cells, lengthOf: (cell: Cell) => number): Int32Array {
  const offsets = new Int32Array(cells.length + 1)
  cells.forEach((cell, row) => {
    offsets[row + 1] = offsets[row]! + (cell === null ? 0 : lengthOf(cell))
  })
  return offsets
}

/** Infinite dates are the extremes of their integer, as the engine stores them. */
function dates(cells: Cells): Int32Array {
  return Int32Array.from(cells as readonly (number | null)[], (days) => {
    if (days === Infinity) return DATE_INFINITY
    return days === -Infinity ? -DATE_INFINITY : (days ?? 0)
  })
}

function timestamps(cells: Cells): BigInt64Array {
  const data = new BigInt64Array(cells.length)
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row]
    if (typeof cell === 'bigint') data[row] = cell
    else if (typeof cell === 'string') data[row] = cell === 'infinity' ? INT64_MAX : -INT64_MAX
  }
  return data
}

/** Months and days in 32 bits each, then nanoseconds in 64. */
function intervals(cells: Cells): Int32Array {
  const data = new DataView(new ArrayBuffer(cells.length * 16))
  cells.forEach((cell, row) => {
    if (cell === null) return
    const {months, days, micros} = cell as {months: number; days: number; micros: bigint}
    const nanos = micros * 1000n
    if (BigInt.asIntN(64, nanos) !== nanos)
      throw tooWide(`${micros} microseconds`, 'cast the interval to VARCHAR')
    data.setInt32(row * 16, months, true)
    data.setInt32(row * 16 + 4, days, true)
    data.setBigInt64(row * 16 + 8, nanos, true)
  })
  return new Int32Array(data.buffer)
}

function nested(cells: Cells, item: ColumnType, arrow: DataType): Parts {
  const items: Cell[] = []
  for (const cell of cells) if (cell !== null) for (const value of cell as Cell[]) items.push(value)
  return {
    valueOffsets: offsetsOf(cells, (cell) => (cell as Cell[]).length),
    child: arrowData(item, items, arrow.children[0]!.type as DataType),
  }
}

function fixedLists(cells: Cells, type: OfKind<'array'>, arrow: DataType): Parts {
  const empty = new Array<Cell>(type.length).fill(null)
  const items = cells.flatMap((cell) => (cell === null ? empty : (cell as Cell[])))
  return {child: arrowData(type.item, items, arrow.children[0]!.type as DataType)}
}

function maps(cells: Cells, type: OfKind<'map'>, arrow: DataType): Parts {
  const pairs = cells.flatMap((cell) => (cell === null ? [] : (cell as [Cell, Cell][])))
  const entries: ColumnType = {
    kind: 'struct',
    fields: [
      {name: 'key', type: type.key},
      {name: 'value', type: type.value},
    ],
  }
  return {
    valueOffsets: offsetsOf(cells, (cell) => (cell as unknown[]).length),
    child: arrowData(entries, pairs as Cell[], arrow.children[0]!.type as DataType),
  }
}

/** Unions have no validity of their own: a NULL is a NULL of the first member. */
function unions(cells: Cells, {members}: OfKind<'union'>, arrow: DataType): Parts {
  const chosen = cells as readonly ({tag: string; value: Cell} | null)[]
  const index = new Map(members.map(({name}, position) => [name, position]))
  return {
    typeIds: Int8Array.from(chosen, (cell) => (cell === null ? 0 : index.get(cell.tag)!)),
    children: members.map(({name, type}, position) =>
      arrowData(
        type,
        chosen.map((cell) => (cell?.tag === name ? cell.value : null)),
        arrow.children[position]!.type as DataType,
      ),
    ),
  }
}
