import type {Cell, ColumnType} from '../ports/warehouse.js'
import {base64, decimalText, doubleText, floatText} from './number-text.js'
import {dateText, intervalText, timeText, timestampText, timetzText} from './time-text.js'

/** A cell as a JSON value, written out: integers of any size stay number literals. */
export type CellJson = (cell: Cell) => string

type Kind = ColumnType['kind']
type OfKind<K extends Kind> = Extract<ColumnType, {kind: K}>

const literal = () => String as CellJson
const quoted = (): CellJson => (cell) => JSON.stringify(cell)
/** Text that needs no escaping. */
const plain =
  (text: (cell: Cell) => string): CellJson =>
  (cell) =>
    `"${text(cell)}"`

const JSONS: {[K in Kind]: (type: OfKind<K>) => CellJson} = {
  boolean: literal,
  tinyint: literal,
  smallint: literal,
  integer: literal,
  bigint: literal,
  utinyint: literal,
  usmallint: literal,
  uinteger: literal,
  ubigint: literal,
  hugeint: literal,
  uhugeint: literal,
  bignum: literal,
  float: () => (cell) => numberJson(cell as number, floatText),
  double: () => (cell) => numberJson(cell as number, doubleText),
  decimal: ({scale}) => plain((cell) => decimalText(cell as bigint, scale)),
  varchar: quoted,
  json: quoted,
  uuid: quoted,
  enum: quoted,
  bit: quoted,
  other: quoted,
  blob: () => plain((cell) => base64(cell as Uint8Array)),
  date: () => plain((cell) => dateText(cell as number)),
  time: () => plain((cell) => timeText(cell as bigint, 6)),
  time_ns: () => plain((cell) => timeText(cell as bigint, 9)),
  timetz: () => plain((cell) => timetzText(cell as {micros: bigint; offsetSeconds: number})),
  interval: () =>
    plain((cell) => intervalText(cell as {months: number; days: number; micros: bigint})),
  timestamp: ({unit, hasZone}) => plain(timestampText(unit, hasZone)),
  list: ({item}) => listJson(item),
  array: ({item}) => listJson(item),
  struct: structJson,
  map: mapJson,
  union: unionJson,
  null: () => () => 'null',
}

/** The JSON of one column's cells, NULL included; made once per column. */
export function jsonOf(type: ColumnType): CellJson {
  const json = (JSONS[type.kind] as (type: ColumnType) => CellJson)(type)
  return (cell) => (cell === null ? 'null' : json(cell))
}

/** JSON has no NaN and no infinities: they are strings. */
function numberJson(value: number, text: (value: number) => string): string {
  return Number.isFinite(value) ? text(value) : `"${value}"`
}

function listJson(item: ColumnType): CellJson {
  const json = jsonOf(item)
  return (cell) => `[${(cell as Cell[]).map(json).join(',')}]`
}

/** An object; where names repeat (an unnamed row has all of them empty), an array of [name, value]. */
function structJson({fields}: OfKind<'struct'>): CellJson {
  const names = fields.map(({name}) => JSON.stringify(name))
  const jsons = fields.map(({type}) => jsonOf(type))
  if (new Set(names).size === names.length)
    return (cell) =>
      `{${(cell as Cell[]).map((value, at) => `${names[at]}:${jsons[at]!(value)}`).join(',')}}`
  return (cell) =>
    `[${(cell as Cell[]).map((value, at) => `[${names[at]},${jsons[at]!(value)}]`).join(',')}]`
}

function mapJson(type: OfKind<'map'>): CellJson {
  const key = jsonOf(type.key)
  const value = jsonOf(type.value)
  return (cell) =>
    `[${(cell as [Cell, Cell][]).map((pair) => `[${key(pair[0])},${value(pair[1])}]`).join(',')}]`
}

function unionJson({members}: OfKind<'union'>): CellJson {
  const jsons = new Map(members.map(({name, type}) => [name, jsonOf(type)]))
  return (cell) => {
    const {tag, value} = cell as {tag: string; value: Cell}
    return `{${JSON.stringify(tag)}:${jsons.get(tag)!(value)}}`
  }
}
