import {
  DuckDBTypeId,
  type DuckDBArrayType,
  type DuckDBBlobValue,
  type DuckDBDataChunk,
  type DuckDBIntervalValue,
  type DuckDBListType,
  type DuckDBListVector,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBStructVector,
  type DuckDBTimeTZValue,
  type DuckDBType,
  type DuckDBUnionType,
  type DuckDBVariantValue,
  type DuckDBVector,
} from '@duckdb/node-api'
import type {Cell} from '../ports/warehouse.js'
import {readStrings} from './duckdb-string-vector.js'

/**
 * Vectors of the engine into cells of the port. Reads the binding's vector memory rather than its value
 * objects: a value object per cell costs ten times as much, and its structs lose repeated field names.
 */
type ReadColumn = (vector: DuckDBVector, count: number, type: never) => Cell[]

const DATE_INFINITY = 2_147_483_647
const TIMESTAMP_INFINITY = 9_223_372_036_854_775_807n

/** Total: a type that is not here is read as the engine's own text. */
const READERS: Partial<Record<DuckDBTypeId, ReadColumn>> = {
  [DuckDBTypeId.BOOLEAN]: eachItem(asIs),
  [DuckDBTypeId.TINYINT]: flat(asIs),
  [DuckDBTypeId.SMALLINT]: flat(asIs),
  [DuckDBTypeId.INTEGER]: flat(asIs),
  [DuckDBTypeId.BIGINT]: flat(asIs),
  [DuckDBTypeId.UTINYINT]: flat(asIs),
  [DuckDBTypeId.USMALLINT]: flat(asIs),
  [DuckDBTypeId.UINTEGER]: flat(asIs),
  [DuckDBTypeId.UBIGINT]: flat(asIs),
  [DuckDBTypeId.FLOAT]: flat(asIs),
  [DuckDBTypeId.DOUBLE]: flat(asIs),
  [DuckDBTypeId.DATE]: flat(dateCell),
  [DuckDBTypeId.TIME]: flat(asIs),
  [DuckDBTypeId.TIME_NS]: flat(asIs),
  [DuckDBTypeId.TIMESTAMP]: flat(timestampCell),
  [DuckDBTypeId.TIMESTAMP_TZ]: flat(timestampCell),
  [DuckDBTypeId.TIMESTAMP_S]: flat(timestampCell),
  [DuckDBTypeId.TIMESTAMP_MS]: flat(timestampCell),
  [DuckDBTypeId.TIMESTAMP_NS]: flat(timestampCell),
  [DuckDBTypeId.HUGEINT]: eachItem(asIs),
  [DuckDBTypeId.UHUGEINT]: eachItem(asIs),
  [DuckDBTypeId.BIGNUM]: eachItem(asIs),
  [DuckDBTypeId.DECIMAL]: decimals,
  [DuckDBTypeId.VARCHAR]: strings,
  [DuckDBTypeId.ENUM]: eachItem(asIs),
  [DuckDBTypeId.UUID]: eachItem(asText),
  [DuckDBTypeId.BIT]: eachItem(asText),
  [DuckDBTypeId.BLOB]: eachItem(({bytes}: DuckDBBlobValue) => bytes),
  [DuckDBTypeId.TIME_TZ]: eachItem(({micros, offset}: DuckDBTimeTZValue) => ({
    micros,
    offsetSeconds: offset,
  })),
  [DuckDBTypeId.INTERVAL]: eachItem(({months, days, micros}: DuckDBIntervalValue) => ({
    months,
    days,
    micros,
  })),
  [DuckDBTypeId.LIST]: lists,
  [DuckDBTypeId.ARRAY]: arrays,
  [DuckDBTypeId.STRUCT]: structs,
  [DuckDBTypeId.MAP]: maps,
  [DuckDBTypeId.UNION]: unions,
  [DuckDBTypeId.VARIANT]: eachItem(variantCell),
  [DuckDBTypeId.SQLNULL]: (_vector, count) => new Array<Cell>(count).fill(null),
}

/** One column of a chunk. The cells own their memory: they outlive the chunk. */
export function columnCells(chunk: DuckDBDataChunk, index: number, type: DuckDBType): Cell[] {
  return readCells(chunk.getColumnVector(index), chunk.rowCount, type)
}

function readCells(vector: DuckDBVector, count: number, type: DuckDBType): Cell[] {
  const read = READERS[type.typeId] ?? eachItem(asText)
  return read(vector, count, type as never)
}

function asIs(value: never): Cell {
  return value
}

function asText(value: unknown): Cell {
  return String(value)
}

/** As the engine casts it to text: strings without the quotes they have inside a list. */
function variantCell(variant: DuckDBVariantValue): Cell {
  return typeof variant.value === 'string' ? variant.value : String(variant)
}

function dateCell(days: number): number {
  if (days === DATE_INFINITY) return Infinity
  return days === -DATE_INFINITY ? -Infinity : days
}

/** The engine stores infinite timestamps as the extremes of 64 bits, whatever the unit. */
function timestampCell(value: bigint): Cell {
  if (value === TIMESTAMP_INFINITY) return 'infinity'
  return value === -TIMESTAMP_INFINITY ? '-infinity' : value
}

/** The parts of the binding's vectors that its types keep private and that this file relies on. */
interface VectorMemory {
  items: ArrayLike<number | bigint>
  dataView: DataView
  validity: {data: BigUint64Array | null; offset: number}
  childData: DuckDBVector
  listVector: DuckDBListVector
  structVector: DuckDBStructVector
}

function memory(vector: DuckDBVector): VectorMemory {
  return vector as unknown as VectorMemory
}

/** Which rows hold a value; `undefined` when all do. */
function validRows(vector: DuckDBVector): ((row: number) => boolean) | undefined {
  const {data, offset} = memory(vector).validity
  if (!data) return undefined
  const mask = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return (row) => (mask[(offset + row) >> 3]! & (1 << ((offset + row) & 7))) !== 0
}

function build(vector: DuckDBVector, count: number, cellAt: (row: number) => Cell): Cell[] {
  const isValid = validRows(vector)
  const cells = new Array<Cell>(count)
  if (!isValid) for (let row = 0; row < count; row++) cells[row] = cellAt(row)
  else for (let row = 0; row < count; row++) cells[row] = isValid(row) ? cellAt(row) : null
  return cells
}

function flat(toCell: (item: never) => Cell): ReadColumn {
  return (vector, count) => {
    const {items} = memory(vector)
    return build(vector, count, (row) => toCell(items[row] as never))
  }
}

function eachItem(toCell: (item: never) => Cell): ReadColumn {
  return (vector, count) => {
    const cells = new Array<Cell>(count)
    for (let row = 0; row < count; row++) {
      const item = vector.getItem(row)
      cells[row] = item === null ? null : toCell(item as never)
    }
    return cells
  }
}

function decimals(vector: DuckDBVector, count: number): Cell[] {
  const scaled = vector as unknown as {getScaledValue(row: number): number | bigint}
  return build(vector, count, (row) => BigInt(scaled.getScaledValue(row)))
}

function strings(vector: DuckDBVector, count: number): Cell[] {
  return readStrings(memory(vector).dataView, count, validRows(vector))
}

function lists(vector: DuckDBVector, count: number, {valueType}: DuckDBListType): Cell[] {
  const list = vector as DuckDBListVector
  const items = readCells(list.childVector, list.childVector.itemCount, valueType)
  return build(vector, count, (row) => {
    const start = list.getEntryOffset(row)
    return items.slice(start, start + list.getEntryLength(row))
  })
}

function arrays(vector: DuckDBVector, count: number, {valueType, length}: DuckDBArrayType): Cell[] {
  const items = readCells(memory(vector).childData, count * length, valueType)
  return build(vector, count, (row) => items.slice(row * length, (row + 1) * length))
}

function structs(vector: DuckDBVector, count: number, {entryTypes}: DuckDBStructType): Cell[] {
  const struct = vector as DuckDBStructVector
  const fields = entryTypes.map((type, index) =>
    readCells(struct.entryVectorAt(index), count, type),
  )
  return build(vector, count, (row) => fields.map((cells) => cells[row]!))
}

function maps(vector: DuckDBVector, count: number, {keyType, valueType}: DuckDBMapType): Cell[] {
  const {listVector} = memory(vector)
  const entries = listVector.childVector as unknown as DuckDBStructVector
  const total = entries.itemCount
  const keys = readCells(entries.entryVectorAt(0), total, keyType)
  const values = readCells(entries.entryVectorAt(1), total, valueType)
  return build(listVector, count, (row) => {
    const start = listVector.getEntryOffset(row)
    const pairs: [Cell, Cell][] = []
    for (let at = start; at < start + listVector.getEntryLength(row); at++)
      pairs.push([keys[at]!, values[at]!])
    return pairs
  })
}

/** A union is stored as a struct of its tag and one field per member. */
function unions(vector: DuckDBVector, count: number, type: DuckDBUnionType): Cell[] {
  const {structVector} = memory(vector)
  const tags = structVector.entryVectorAt(0)
  const members = type.memberTypes.map((member, index) =>
    readCells(structVector.entryVectorAt(index + 1), count, member),
  )
  return build(structVector, count, (row) => {
    const tag = tags.getItem(row)
    if (tag === null) return null
    const member = Number(tag)
    return {tag: type.memberTags[member]!, value: members[member]![row]!}
  })
}
