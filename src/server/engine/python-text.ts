import type {Cell, ColumnType} from '../../lib/ports/warehouse.js'
import {dateText, decimalText, timeText, timestampText} from './time-text.js'

/**
 * Values as Python's `repr` prints them inside a list or a struct. The reference server sends nested
 * values of `/api/query` in this form, and clients have learnt to read it.
 */
export function pythonRepr(cell: Cell, type: ColumnType): string {
  if (cell === null) return 'None'
  switch (type.kind) {
    case 'boolean':
      return cell === true ? 'True' : 'False'
    case 'float':
    case 'double':
      return pythonFloat(cell as number)
    case 'decimal':
      return `Decimal('${decimalText(cell as bigint, type.scale)}')`
    case 'blob':
      return pythonBytes(cell as Uint8Array)
    case 'uuid':
      return `UUID('${String(cell)}')`
    case 'date':
    case 'timestamp':
    case 'time':
    case 'time_ns':
    case 'timetz':
    case 'interval':
      return pythonTemporal(cell, type)
    case 'list':
    case 'array':
      return `[${(cell as Cell[]).map((item) => pythonRepr(item, type.item)).join(', ')}]`
    case 'struct':
      return `{${(cell as Cell[]).map((value, index) => field(value, type.fields[index])).join(', ')}}`
    case 'map':
      return `{${(cell as [Cell, Cell][]).map((pair) => entry(pair, type)).join(', ')}}`
    case 'union':
      return unionRepr(cell as {tag: string; value: Cell}, type)
    default:
      return typeof cell === 'string' ? pythonString(cell) : String(cell)
  }
}

type MapType = Extract<ColumnType, {kind: 'map'}>
type UnionType = Extract<ColumnType, {kind: 'union'}>
type Field = {name: string; type: ColumnType} | undefined

function field(value: Cell, of: Field): string {
  return `${pythonString(of?.name ?? '')}: ${pythonRepr(value, of?.type ?? {kind: 'other'})}`
}

function entry([key, value]: [Cell, Cell], type: MapType): string {
  return `${pythonRepr(key, type.key)}: ${pythonRepr(value, type.value)}`
}

function unionRepr(cell: {tag: string; value: Cell}, type: UnionType): string {
  const member = type.members.find(({name}) => name === cell.tag)
  return pythonRepr(cell.value, member?.type ?? {kind: 'other'})
}

/** `str(timedelta)`: a month counts as 30 days, as the engine's Python client has it. */
export function pythonTimedelta(cell: {months: number; days: number; micros: bigint}): string {
  const total = BigInt(cell.months * 30 + cell.days) * DAY_MICROS + cell.micros
  const days = floorDivide(total, DAY_MICROS)
  const rest = total - days * DAY_MICROS
  const hours = rest / 3_600_000_000n
  const clock = `${hours}${timeText(rest, 6).slice(2)}`
  if (days === 0n) return clock
  return `${days} day${days === 1n || days === -1n ? '' : 's'}, ${clock}`
}

const DAY_MICROS = 86_400_000_000n

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

/** Dates and times inside nested values: the text form, quoted with the Python class that would hold it. */
function pythonTemporal(cell: Cell, type: ColumnType): string {
  if (type.kind === 'date') return `datetime.date(${parts(dateText(cell as number))})`
  if (type.kind === 'timestamp')
    return `datetime.datetime(${parts(timestampText(cell, type, ' '))})`
  if (type.kind === 'interval') {
    const value = cell as {months: number; days: number; micros: bigint}
    return `'${pythonTimedelta(value)}'`
  }
  if (type.kind === 'timetz') {
    return `datetime.time(${parts(timeText((cell as {micros: bigint}).micros, 6))})`
  }
  return `datetime.time(${parts(timeText(cell as bigint, type.kind === 'time_ns' ? 9 : 6))})`
}

/** `2026-01-02 03:04:05+00:00` as constructor arguments; what is not a plain time stays quoted text. */
function parts(text: string): string {
  const match = /^(?:(\d+)-(\d+)-(\d+))?[ ]?(?:(\d+):(\d+):(\d+)(?:\.(\d+))?)?(\+00:00)?$/.exec(
    text,
  )
  if (!match) return `'${text}'`
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const numbers = [year, month, day, hour, minute, second]
    .filter((part) => part !== undefined)
    .map(Number)
  // Python leaves out zero seconds.
  if (second !== undefined && Number(second) === 0 && fraction === undefined) numbers.pop()
  if (fraction !== undefined) numbers.push(Number(fraction.padEnd(6, '0').slice(0, 6)))
  return [...numbers.map(String), ...(zone ? ['tzinfo=datetime.timezone.utc'] : [])].join(', ')
}

export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return floatDigits(value)
}

/** Shortest exact digits, always with a point or an exponent, so that a float stays one. */
export function floatDigits(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote
}

export function pythonBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byteText(byte)
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  return `b${quote}${text.replaceAll(quote, `\\${quote}`)}${quote}`
}

const NAMED_BYTES: Record<number, string> = {9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\'}

function byteText(byte: number): string {
  if (NAMED_BYTES[byte] !== undefined) return NAMED_BYTES[byte]
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte)
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
