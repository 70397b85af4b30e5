import type {Cell, ColumnType} from '../ports/warehouse.js'
import {jsonOf} from './cell-json.js'
import {base64, decimalText, doubleText, floatText} from './number-text.js'
import {dateText, intervalText, timeText, timestampText, timetzText} from './time-text.js'

/**
 * A cell as exact plain text: what CSV, TSV, tables and the text columns of Arrow show, and what JSON
 * puts into strings. docs/query-formats.md is the table of it. Nothing here rounds or localises.
 */
export type CellText = (cell: Cell) => string

type Kind = ColumnType['kind']
type OfKind<K extends Kind> = Extract<ColumnType, {kind: K}>

const asString = () => String as CellText

const TEXTS: {[K in Kind]: (type: OfKind<K>) => CellText} = {
  boolean: asString,
  tinyint: asString,
  smallint: asString,
  integer: asString,
  bigint: asString,
  utinyint: asString,
  usmallint: asString,
  uinteger: asString,
  ubigint: asString,
  hugeint: asString,
  uhugeint: asString,
  bignum: asString,
  float: () => (cell) => floatText(cell as number),
  double: () => (cell) => doubleText(cell as number),
  decimal:
    ({scale}) =>
    (cell) =>
      decimalText(cell as bigint, scale),
  varchar: () => (cell) => cell as string,
  json: () => (cell) => cell as string,
  uuid: () => (cell) => cell as string,
  enum: () => (cell) => cell as string,
  bit: () => (cell) => cell as string,
  other: asString,
  blob: () => (cell) => base64(cell as Uint8Array),
  date: () => (cell) => dateText(cell as number),
  time: () => (cell) => timeText(cell as bigint, 6),
  time_ns: () => (cell) => timeText(cell as bigint, 9),
  timetz: () => (cell) => timetzText(cell as {micros: bigint; offsetSeconds: number}),
  interval: () => (cell) => intervalText(cell as {months: number; days: number; micros: bigint}),
  timestamp: ({unit, hasZone}) => timestampText(unit, hasZone),
  list: jsonOf,
  array: jsonOf,
  struct: jsonOf,
  map: jsonOf,
  union: jsonOf,
  null: () => () => '',
}

/** The text of non-NULL cells of one column; made once per column. */
export function cellText(type: ColumnType): CellText {
  return (TEXTS[type.kind] as (type: ColumnType) => CellText)(type)
}
