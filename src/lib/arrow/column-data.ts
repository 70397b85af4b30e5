import {
  DateUnit,
  IntervalUnit,
  Precision,
  TimeUnit,
  Type,
  type Data,
  type Date_,
  type Decimal,
  type Duration,
  type FixedSizeBinary,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval,
  type Time,
  type Timestamp,
} from 'apache-arrow'
import {notArrow} from './not-arrow.js'
import type {ColumnData} from '../ports/warehouse.js'
import {decimalDigits, isArray, unsupported} from './arrow-sql-type.js'
import {dictionaryColumn} from './dictionary-column.js'
import {floatsOfHalves} from './half-floats.js'
import {intervalText} from './interval-text.js'

type Bytes = Extract<ColumnData, {layout: 'bytes'}>

/** The values of an Arrow column in the layout of its `sqlType`. Memory is shared where it fits as it is. */
export function columnData(data: Data): ColumnData {
  const {type, length} = data
  const validity = validityOf(data)
  switch (type.typeId as Type) {
    case Type.Null:
      return {...fixed(4, new Uint8Array(length * 4)), validity: new Uint8Array((length + 7) >> 3)}
    case Type.Bool:
      return {...fixed(1, booleans(data)), validity}
    case Type.Int:
      return {...fixed((type as Int).bitWidth / 8, bytesOf(data)), validity}
    case Type.Float:
      return {...floats(data), validity}
    case Type.Decimal:
      return decimals(data, validity)
    case Type.Date:
      return {...fixed(4, dates(data)), validity}
    case Type.Time:
      return {...fixed(8, times(data)), validity}
    case Type.Timestamp:
      return {...fixed(8, timestamps(data)), validity}
    case Type.Interval:
      return textColumn(length, validity, intervalAt(data))
    case Type.Duration:
      return textColumn(length, validity, durationAt(data))
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return {layout: 'bytes', offsets: offsetsOf(data), data: bytesOf(data), validity}
    case Type.FixedSizeBinary: {
      const offsets = steps(length, (type as FixedSizeBinary).byteWidth)
      return {layout: 'bytes', offsets, data: bytesOf(data), validity}
    }
    case Type.Dictionary:
      return dictionaryColumn(data, validity, columnData)
    default:
      return nested(data, validity)
  }
}

function nested(data: Data, validity: Uint8Array | null): ColumnData {
  const {type, length} = data
  const child = () => columnData(data.children[0]!)
  switch (type.typeId as Type) {
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      return {layout: 'list', offsets: offsetsOf(data), child: child(), validity}
    case Type.FixedSizeList: {
      const size = (type as FixedSizeList).listSize
      if (!isArray(type as FixedSizeList))
        return {layout: 'list', offsets: steps(length, size), child: child(), validity}
      return {
        layout: 'array',
        length: size,
        child: hidden(child(), validity, {length, size}),
        validity,
      }
    }
    case Type.Struct: {
      const children = data.children.map((field) =>
        hidden(columnData(field), validity, {length, size: 1}),
      )
      return {layout: 'struct', children, validity}
    }
    default:
      throw unsupported(type)
  }
}

/** Marks what lies below absent values as absent, as the engine expects it. */
function hidden(
  column: ColumnData,
  above: Uint8Array | null,
  {length, size}: {length: number; size: number},
): ColumnData {
  if (above === null) return column
  const count = length * size
  const validity = new Uint8Array((count + 7) >> 3)
  for (let index = 0; index < count; index++)
    if (bit(above, Math.floor(index / size)) && (!column.validity || bit(column.validity, index)))
      validity[index >> 3]! |= 1 << (index & 7)
  const all = {length: count, size: 1}
  if (column.layout === 'struct')
    return {...column, validity, children: column.children.map((one) => hidden(one, validity, all))}
  if (column.layout === 'array') {
    const items = {length: count, size: column.length}
    return {...column, validity, child: hidden(column.child, validity, items)}
  }
  return {...column, validity}
}

function bit(bits: Uint8Array, index: number): boolean {
  return (bits[index >> 3]! & (1 << (index & 7))) !== 0
}

function validityOf(data: Data): Uint8Array | null {
  return data.nullCount === 0 ? null : (data.nullBitmap as Uint8Array)
}

function fixed(
  width: number,
  data: Uint8Array,
): {layout: 'fixed'; width: number; data: Uint8Array} {
  return {layout: 'fixed', width, data}
}

type Values = {buffer: ArrayBufferLike; byteOffset: number; byteLength: number}

function bytesOf({values}: Data): Uint8Array {
  const {buffer, byteOffset, byteLength} = (values ?? new Uint8Array(0)) as Values
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
}

function viewOf(data: Data): DataView {
  const {buffer, byteOffset, byteLength} = bytesOf(data)
  return new DataView(buffer, byteOffset, byteLength)
}

/** 64-bit values of any memory, aligned or not. */
function longs(data: Data): BigInt64Array {
  const bytes = bytesOf(data).slice(0, data.length * 8)
  return new BigInt64Array(bytes.buffer, 0, bytes.length >> 3)
}

function offsetsOf(data: Data): Int32Array {
  const offsets = data.valueOffsets as Int32Array | BigInt64Array | undefined
  if (!offsets || offsets.length === 0) return new Int32Array(data.length + 1)
  if (offsets instanceof Int32Array) return offsets
  if ((offsets.at(-1) ?? 0n) > 0x7fff_ffffn) throw notArrow('a column is longer than 2 GiB')
  return Int32Array.from(offsets, Number)
}

function steps(count: number, size: number): Int32Array {
  return Int32Array.from({length: count + 1}, (_, index) => index * size)
}

function booleans(data: Data): Uint8Array {
  const bits = bytesOf(data)
  return Uint8Array.from({length: data.length}, (_, index) => (bit(bits, index) ? 1 : 0))
}

function floats(data: Data): {layout: 'fixed'; width: number; data: Uint8Array} {
  switch ((data.type as Float).precision) {
    case Precision.HALF:
      return fixed(4, floatsOfHalves(bytesOf(data), data.length))
    case Precision.SINGLE:
      return fixed(4, bytesOf(data))
    default:
      return fixed(8, bytesOf(data))
  }
}

/** Two's complement, little-endian: a narrower integer is the lower bytes of the wider one. */
function decimals(data: Data, validity: Uint8Array | null): ColumnData {
  const type = data.type as Decimal
  const from = type.bitWidth / 8
  const digits = decimalDigits(type)
  if (digits === null) return textColumn(data.length, validity, decimalAt(data, from))
  const to = digits <= 4 ? 2 : digits <= 9 ? 4 : digits <= 18 ? 8 : 16
  const source = bytesOf(data)
  if (from === to) return {...fixed(to, source), validity}
  const target = new Uint8Array(data.length * to)
  const both = Math.min(from, to)
  for (let row = 0; row < data.length; row++) {
    for (let index = 0; index < both; index++)
      target[row * to + index] = source[row * from + index]!
    if (to > from && source[row * from + from - 1]! > 127)
      target.fill(255, row * to + from, (row + 1) * to)
  }
  return {...fixed(to, target), validity}
}

function decimalAt(data: Data, width: number): (row: number) => string {
  const view = viewOf(data)
  const {scale} = data.type as Decimal
  return (row) => {
    let value = view.getBigInt64(row * width + width - 8, true)
    for (let at = width - 16; at >= 0; at -= 8)
      value = (value << 64n) | view.getBigUint64(row * width + at, true)
    const digits = String(value < 0n ? -value : value)
    const sign = value < 0n ? '-' : ''
    if (scale <= 0) return sign + (value === 0n ? '0' : digits + '0'.repeat(-scale))
    const padded = digits.padStart(scale + 1, '0')
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
  }
}

const DAY_MS = 86_400_000n

function dates(data: Data): Uint8Array {
  if ((data.type as Date_).unit === DateUnit.DAY) return bytesOf(data)
  const days = Int32Array.from(longs(data), (ms) =>
    Number((ms - (((ms % DAY_MS) + DAY_MS) % DAY_MS)) / DAY_MS),
  )
  return new Uint8Array(days.buffer)
}

/** Microseconds, or nanoseconds where that is the unit. */
function times(data: Data): Uint8Array {
  const {unit, bitWidth} = data.type as Time
  if (bitWidth === 64) return bytesOf(data)
  const view = viewOf(data)
  const factor = unit === TimeUnit.SECOND ? 1_000_000n : 1000n
  const micros = BigInt64Array.from(
    {length: data.length},
    (_, row) => BigInt(view.getInt32(row * 4, true)) * factor,
  )
  return new Uint8Array(micros.buffer)
}

function timestamps(data: Data): Uint8Array {
  const {unit, timezone} = data.type as Timestamp
  if (!timezone || unit >= TimeUnit.MICROSECOND) return bytesOf(data)
  const factor = unit === TimeUnit.SECOND ? 1_000_000n : 1000n
  return new Uint8Array(longs(data).map((value) => value * factor).buffer)
}

function intervalAt(data: Data): (row: number) => string {
  const view = viewOf(data)
  const {unit} = data.type as Interval
  if (unit === IntervalUnit.YEAR_MONTH)
    return (row) => intervalText(view.getInt32(row * 4, true), 0, 0n)
  if (unit === IntervalUnit.DAY_TIME)
    return (row) => {
      const ms = BigInt(view.getInt32(row * 8 + 4, true))
      return intervalText(0, view.getInt32(row * 8, true), ms * 1_000_000n)
    }
  return (row) => {
    const [months, days] = [view.getInt32(row * 16, true), view.getInt32(row * 16 + 4, true)]
    return intervalText(months, days, view.getBigInt64(row * 16 + 8, true))
  }
}

const NANOS = [1_000_000_000n, 1_000_000n, 1000n, 1n] as const

function durationAt(data: Data): (row: number) => string {
  const view = viewOf(data)
  const factor = NANOS[(data.type as Duration).unit]!
  return (row) => intervalText(0, 0, view.getBigInt64(row * 8, true) * factor)
}

function textColumn(
  length: number,
  validity: Uint8Array | null,
  textAt: (row: number) => string,
): Bytes {
  const offsets = new Int32Array(length + 1)
  const texts: string[] = []
  let size = 0
  for (let row = 0; row < length; row++) {
    const text = !validity || bit(validity, row) ? textAt(row) : ''
    texts.push(text)
    offsets[row + 1] = size += text.length
  }
  return {layout: 'bytes', offsets, data: Buffer.from(texts.join(''), 'latin1'), validity}
}
