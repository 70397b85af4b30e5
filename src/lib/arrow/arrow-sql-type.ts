import {
  Precision,
  TimeUnit,
  Type,
  type DataType,
  type Decimal,
  type Dictionary,
  type FixedSizeList,
  type Float,
  type Int,
  type Struct,
  type Time,
  type Timestamp,
} from 'apache-arrow'
import {UsageError} from '../errors.js'

const MAX_DIGITS = 38
const MAX_ARRAY = 100_000

/**
 * The engine's type that holds every value of an Arrow type. What the engine has no exact type for is
 * text: decimals of more than 38 digits, and intervals and durations (`2 years 3 days 04:05:06.000000007`).
 */
export function sqlType(type: DataType): string {
  const plain = PLAIN[type.typeId as Type]
  if (plain !== undefined) return plain
  switch (type.typeId) {
    case Type.Int:
      return `${(type as Int).isSigned ? '' : 'U'}${INTEGERS[(type as Int).bitWidth]!}`
    case Type.Float:
      return (type as Float).precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT'
    case Type.Decimal:
      return decimalSql(type as Decimal)
    case Type.Time:
      return (type as Time).unit === TimeUnit.NANOSECOND ? 'TIME_NS' : 'TIME'
    case Type.Timestamp:
      return timestampSql(type as Timestamp)
    case Type.Dictionary:
      return sqlType((type as Dictionary).dictionary)
    case Type.List:
    case Type.LargeList:
      return `${sqlType(type.children[0]!.type)}[]`
    case Type.FixedSizeList:
      return `${sqlType(type.children[0]!.type)}[${isArray(type as FixedSizeList) ? (type as FixedSizeList).listSize : ''}]`
    case Type.Struct:
      return structSql(type as Struct)
    case Type.Map: {
      const [key, value] = type.children[0]!.type.children as [{type: DataType}, {type: DataType}]
      return `MAP(${sqlType(key.type)}, ${sqlType(value.type)})`
    }
    default:
      throw unsupported(type)
  }
}

const PLAIN: Partial<Record<Type, string>> = {
  // Every column needs a type; any will do for one without values.
  [Type.Null]: 'INTEGER',
  [Type.Bool]: 'BOOLEAN',
  [Type.Utf8]: 'VARCHAR',
  [Type.LargeUtf8]: 'VARCHAR',
  [Type.Binary]: 'BLOB',
  [Type.LargeBinary]: 'BLOB',
  [Type.FixedSizeBinary]: 'BLOB',
  [Type.Date]: 'DATE',
  [Type.Interval]: 'VARCHAR',
  [Type.Duration]: 'VARCHAR',
}

const INTEGERS: Record<number, string> = {8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT'}

/** Digits the engine is asked for; `null` when the decimal has to be text. */
export function decimalDigits({precision, scale}: Decimal): number | null {
  const digits = Math.max(precision, scale)
  return digits <= MAX_DIGITS && scale >= 0 ? digits : null
}

function decimalSql(type: Decimal): string {
  const digits = decimalDigits(type)
  return digits === null ? 'VARCHAR' : `DECIMAL(${digits}, ${type.scale})`
}

/** Instants in nanoseconds keep those and lose the mark of their zone: the engine has no such type. */
function timestampSql({unit, timezone}: Timestamp): string {
  if (unit === TimeUnit.NANOSECOND) return 'TIMESTAMP_NS'
  if (timezone) return 'TIMESTAMPTZ'
  return unit === TimeUnit.SECOND
    ? 'TIMESTAMP_S'
    : unit === TimeUnit.MILLISECOND
      ? 'TIMESTAMP_MS'
      : 'TIMESTAMP'
}

function structSql(type: Struct): string {
  if (type.children.length === 0) throw unsupported(type)
  const names = new Set<string>()
  const fields = type.children.map(({name, type: field}, index) => {
    const isTaken = name === '' || names.has(name.toLowerCase())
    const unique = isTaken ? `${name}_${index + 1}` : name
    names.add(unique.toLowerCase())
    return `"${unique.replaceAll('"', '""')}" ${sqlType(field)}`
  })
  return `STRUCT(${fields.join(', ')})`
}

export function isArray({listSize}: FixedSizeList): boolean {
  return listSize >= 1 && listSize <= MAX_ARRAY
}

export function unsupported(type: DataType): UsageError {
  return new UsageError(`The server sent a column of type ${String(type)}, which cannot be kept.`, {
    code: 'unsupported_type',
    hint: 'Leave the column out: name the others with --select.',
    details: {type: String(type)},
  })
}
