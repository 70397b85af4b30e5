import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Field,
  FixedSizeList,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  IntervalMonthDayNano,
  List,
  Map_,
  Null,
  Schema,
  SparseUnion,
  Struct,
  TimeMicrosecond,
  TimeNanosecond,
  Timestamp,
  TimeUnit,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  type DataType,
} from 'apache-arrow'
import type {Column, ColumnType} from '../ports/warehouse.js'

type Kind = ColumnType['kind']
type OfKind<K extends Kind> = Extract<ColumnType, {kind: K}>

const TIME_UNITS = {
  s: TimeUnit.SECOND,
  ms: TimeUnit.MILLISECOND,
  us: TimeUnit.MICROSECOND,
  ns: TimeUnit.NANOSECOND,
} as const

/** Total. What Arrow has no exact type for is text: see docs/query-formats.md. */
const TYPES: {[K in Kind]: (type: OfKind<K>) => DataType} = {
  boolean: () => new Bool(),
  tinyint: () => new Int8(),
  smallint: () => new Int16(),
  integer: () => new Int32(),
  bigint: () => new Int64(),
  utinyint: () => new Uint8(),
  usmallint: () => new Uint16(),
  uinteger: () => new Uint32(),
  ubigint: () => new Uint64(),
  hugeint: () => new Decimal(0, 38, 128),
  uhugeint: () => new Utf8(),
  bignum: () => new Utf8(),
  float: () => new Float32(),
  double: () => new Float64(),
  decimal: ({width, scale}) => new Decimal(scale, width, 128),
  varchar: () => new Utf8(),
  json: () => new Utf8(),
  uuid: () => new Utf8(),
  enum: () => new Utf8(),
  bit: () => new Utf8(),
  other: () => new Utf8(),
  blob: () => new Binary(),
  date: () => new DateDay(),
  time: () => new TimeMicrosecond(),
  time_ns: () => new TimeNanosecond(),
  timetz: () => new Utf8(),
  interval: () => new IntervalMonthDayNano(),
  timestamp: ({unit, hasZone}) => new Timestamp(TIME_UNITS[unit], hasZone ? 'UTC' : null),
  list: ({item}) => new List(new Field('l', arrowType(item), true)),
  array: ({item, length}) => new FixedSizeList(length, new Field('l', arrowType(item), true)),
  struct: ({fields}) => new Struct(fields.map(({name, type}) => fieldOf(name, type))),
  map: ({key, value}) =>
    new Map_(
      new Field(
        'entries',
        new Struct<{key: DataType; value: DataType}>([
          new Field('key', arrowType(key), false),
          fieldOf('value', value),
        ]),
        false,
      ),
    ),
  union: ({members}) =>
    new SparseUnion(
      members.map((_, index) => index),
      members.map(({name, type}) => fieldOf(name, type)),
    ),
  null: () => new Null(),
}

export function arrowType(type: ColumnType): DataType {
  return (TYPES[type.kind] as (type: ColumnType) => DataType)(type)
}

/** Duplicate names stay: Arrow fields are found by position. */
export function arrowSchema(columns: readonly Column[]): Schema {
  return new Schema(columns.map(({name, type}) => fieldOf(name, type)))
}

function fieldOf(name: string, type: ColumnType): Field {
  return new Field(name, arrowType(type), true)
}
