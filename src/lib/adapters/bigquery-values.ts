import type {Cell, Column, ColumnType} from '../ports/warehouse.js'

/** Types and values as the BigQuery REST API writes them: every scalar is text, a struct is `{f: [{v}]}`. */

export interface BigQueryField {
  name?: string
  type?: string
  mode?: string
  fields?: BigQueryField[]
  precision?: string
  scale?: string
  description?: string
}

/** `v` of one cell. */
type Wire = null | string | {f: {v: Wire}[]} | {v: Wire}[]
type Decode = (value: Wire) => Cell

interface Decoder {
  type: ColumnType
  decode: Decode
}

export interface DecodedColumn {
  column: Column
  /** Text that is not of its type throws a `RangeError` or `SyntaxError`. */
  decode: Decode
}

const MICROS = 1_000_000n
const DECIMAL_DIGITS = 38

export function decodedColumn(field: BigQueryField): DecodedColumn {
  const {type, decode} = decoderOf(field)
  return {
    column: {name: field.name ?? '', typeText: typeText(field), type},
    decode: (value) => (value === null ? null : decode(value)),
  }
}

/** As the engine spells it: `NUMERIC(10, 2)`, `ARRAY<STRUCT<a INT64>>`. */
export function typeText(field: BigQueryField): string {
  const one = {...field, mode: ''}
  if (field.mode === 'REPEATED') return `ARRAY<${typeText(one)}>`
  const name = (field.type ?? '').toUpperCase()
  if (name === 'RECORD' || name === 'STRUCT') {
    const fields = (field.fields ?? []).map((inner) => `${inner.name ?? ''} ${typeText(inner)}`)
    return `STRUCT<${fields.join(', ')}>`
  }
  if (field.precision === undefined) return SPELLING[name] ?? name
  const digits = [field.precision, ...(field.scale === undefined ? [] : [field.scale])]
  return `${SPELLING[name] ?? name}(${digits.join(', ')})`
}

/** The API keeps the names of its older dialect. */
const SPELLING: Record<string, string> = {INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL'}

function decoderOf(field: BigQueryField): Decoder {
  if (field.mode !== 'REPEATED') return scalarOf(field)
  const item = scalarOf(field)
  const decode = (value: Wire) =>
    (value as {v: Wire}[]).map(({v}) => (v === null ? null : item.decode(v)))
  return {type: {kind: 'list', item: item.type}, decode}
}

function scalarOf(field: BigQueryField): Decoder {
  const name = (field.type ?? '').toUpperCase()
  switch (name) {
    case 'RECORD':
    case 'STRUCT':
      return structOf(field.fields ?? [])
    case 'NUMERIC':
    case 'DECIMAL':
      return decimalOf(field, {width: DECIMAL_DIGITS, scale: 9})
    case 'BIGNUMERIC':
    case 'BIGDECIMAL':
      // 76 digits fit no decimal of the local engine: without a narrower precision it is exact text.
      return decimalOf(field, null)
    default:
      return SCALARS[name] ?? {type: {kind: 'other'}, decode: (value) => value as Cell}
  }
}

function structOf(fields: readonly BigQueryField[]): Decoder {
  const decoders = fields.map(decoderOf)
  const type: ColumnType = {
    kind: 'struct',
    fields: decoders.map(({type}, index) => ({name: fields[index]!.name ?? '', type})),
  }
  const decode = (value: Wire) =>
    (value as {f: {v: Wire}[]}).f.map(({v}, index) =>
      v === null ? null : decoders[index]!.decode(v),
    )
  return {type, decode}
}

function decimalOf(field: BigQueryField, plain: {width: number; scale: number} | null): Decoder {
  const scale = Number(field.scale ?? 0)
  const digits = field.precision === undefined ? plain : {width: Number(field.precision), scale}
  if (digits === null || digits.width > DECIMAL_DIGITS)
    return {type: {kind: 'varchar'}, decode: (value) => value as string}
  return {
    type: {kind: 'decimal', ...digits},
    decode: (value) => unscaled(value as string, digits.scale),
  }
}

const text: Decode = (value) => value as string

const SCALARS: Record<string, Decoder> = {
  STRING: {type: {kind: 'varchar'}, decode: text},
  GEOGRAPHY: {type: {kind: 'varchar'}, decode: text},
  RANGE: {type: {kind: 'varchar'}, decode: text},
  JSON: {type: {kind: 'json'}, decode: text},
  BYTES: {
    type: {kind: 'blob'},
    decode: (value) => new Uint8Array(Buffer.from(value as string, 'base64')),
  },
  INTEGER: {type: {kind: 'bigint'}, decode: (value) => BigInt(value as string)},
  INT64: {type: {kind: 'bigint'}, decode: (value) => BigInt(value as string)},
  FLOAT: {type: {kind: 'double'}, decode: (value) => float(value as string)},
  FLOAT64: {type: {kind: 'double'}, decode: (value) => float(value as string)},
  BOOLEAN: {type: {kind: 'boolean'}, decode: (value) => value === 'true'},
  BOOL: {type: {kind: 'boolean'}, decode: (value) => value === 'true'},
  // Asked for as microseconds: `formatOptions.useInt64Timestamp`.
  TIMESTAMP: {
    type: {kind: 'timestamp', unit: 'us', hasZone: true},
    decode: (value) => BigInt(value as string),
  },
  DATETIME: {
    type: {kind: 'timestamp', unit: 'us', hasZone: false},
    decode: (value) => datetime(value as string),
  },
  DATE: {type: {kind: 'date'}, decode: (value) => days(value as string)},
  TIME: {type: {kind: 'time'}, decode: (value) => timeOfDay(value as string)},
  INTERVAL: {type: {kind: 'interval'}, decode: (value) => interval(value as string)},
}

function float(value: string): number {
  if (/^[+-]?inf(inity)?$/i.test(value)) return value.startsWith('-') ? -Infinity : Infinity
  const number = Number(value)
  if (Number.isNaN(number) && value.toLowerCase() !== 'nan') throw notA('FLOAT64', value)
  return number
}

/** `12.5` at scale 9 is 12500000000n. */
function unscaled(value: string, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value)
  const [, sign = '', whole = '', fraction = ''] = match ?? []
  if (!match || fraction.length > scale) throw notA(`decimal of scale ${scale}`, value)
  const digits = BigInt(whole + fraction.padEnd(scale, '0'))
  return sign === '-' ? -digits : digits
}

function days(value: string): number {
  const match = /^(\d{4,5})-(\d\d)-(\d\d)$/.exec(value)
  if (!match) throw notA('DATE', value)
  const date = new Date(0)
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]))
  return date.getTime() / 86_400_000
}

function timeOfDay(value: string): bigint {
  const match = /^(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(value)
  if (!match) throw notA('TIME', value)
  const [, hours = '', minutes = '', seconds = '', fraction = ''] = match
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return BigInt(whole) * MICROS + BigInt(fraction.padEnd(6, '0'))
}

function datetime(value: string): bigint {
  const [date = '', time = ''] = value.split(/[T ]/)
  return BigInt(days(date)) * 86_400n * MICROS + timeOfDay(time)
}

/** `1-2 3 4:5:6.789`: years-months, days, time; each with a sign of its own. */
function interval(value: string): {months: number; days: number; micros: bigint} {
  const match = /^(-?)(\d+)-(\d+) (-?\d+) (-?)(\d+:\d+:\d+(?:\.\d{1,6})?)$/.exec(value)
  if (!match) throw notA('INTERVAL', value)
  const [, sign, years, months, dayCount, timeSign, time = ''] = match
  const [hours = '', minutes = '', seconds = ''] = time.split(':')
  const micros = timeOfDay(`${hours}:${minutes.padStart(2, '0')}:${padSeconds(seconds)}`)
  return {
    months: (Number(years) * 12 + Number(months)) * (sign === '-' ? -1 : 1) + 0,
    days: Number(dayCount) + 0,
    micros: timeSign === '-' ? -micros : micros,
  }
}

function padSeconds(seconds: string): string {
  const [whole = '', fraction] = seconds.split('.')
  return whole.padStart(2, '0') + (fraction === undefined ? '' : `.${fraction}`)
}

function notA(type: string, value: string): RangeError {
  return new RangeError(`${JSON.stringify(value)} is no ${type}`)
}
