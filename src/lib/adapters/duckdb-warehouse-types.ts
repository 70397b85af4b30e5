import {
  DuckDBTypeId,
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBEnumType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  type DuckDBUnionType,
} from '@duckdb/node-api'
import type {ColumnType} from '../ports/warehouse.js'

type Describe = (type: never) => ColumnType

/** Types without parameters, by the engine's id. Ids that are not here are parameterised, below, or `other`. */
const PLAIN: Partial<Record<DuckDBTypeId, ColumnType>> = {
  [DuckDBTypeId.BOOLEAN]: {kind: 'boolean'},
  [DuckDBTypeId.TINYINT]: {kind: 'tinyint'},
  [DuckDBTypeId.SMALLINT]: {kind: 'smallint'},
  [DuckDBTypeId.INTEGER]: {kind: 'integer'},
  [DuckDBTypeId.BIGINT]: {kind: 'bigint'},
  [DuckDBTypeId.UTINYINT]: {kind: 'utinyint'},
  [DuckDBTypeId.USMALLINT]: {kind: 'usmallint'},
  [DuckDBTypeId.UINTEGER]: {kind: 'uinteger'},
  [DuckDBTypeId.UBIGINT]: {kind: 'ubigint'},
  [DuckDBTypeId.HUGEINT]: {kind: 'hugeint'},
  [DuckDBTypeId.UHUGEINT]: {kind: 'uhugeint'},
  [DuckDBTypeId.BIGNUM]: {kind: 'bignum'},
  [DuckDBTypeId.FLOAT]: {kind: 'float'},
  [DuckDBTypeId.DOUBLE]: {kind: 'double'},
  [DuckDBTypeId.DATE]: {kind: 'date'},
  [DuckDBTypeId.TIME]: {kind: 'time'},
  [DuckDBTypeId.TIME_NS]: {kind: 'time_ns'},
  [DuckDBTypeId.TIME_TZ]: {kind: 'timetz'},
  [DuckDBTypeId.INTERVAL]: {kind: 'interval'},
  [DuckDBTypeId.TIMESTAMP_S]: {kind: 'timestamp', unit: 's', hasZone: false},
  [DuckDBTypeId.TIMESTAMP_MS]: {kind: 'timestamp', unit: 'ms', hasZone: false},
  [DuckDBTypeId.TIMESTAMP]: {kind: 'timestamp', unit: 'us', hasZone: false},
  [DuckDBTypeId.TIMESTAMP_NS]: {kind: 'timestamp', unit: 'ns', hasZone: false},
  [DuckDBTypeId.TIMESTAMP_TZ]: {kind: 'timestamp', unit: 'us', hasZone: true},
  [DuckDBTypeId.BLOB]: {kind: 'blob'},
  [DuckDBTypeId.BIT]: {kind: 'bit'},
  [DuckDBTypeId.UUID]: {kind: 'uuid'},
  [DuckDBTypeId.SQLNULL]: {kind: 'null'},
}

const WITH_PARAMETERS: Partial<Record<DuckDBTypeId, Describe>> = {
  // JSON is text with a name of its own.
  [DuckDBTypeId.VARCHAR]: (type: DuckDBType) => ({
    kind: type.alias === 'JSON' ? 'json' : 'varchar',
  }),
  [DuckDBTypeId.DECIMAL]: ({width, scale}: DuckDBDecimalType) => ({kind: 'decimal', width, scale}),
  [DuckDBTypeId.ENUM]: ({values}: DuckDBEnumType) => ({kind: 'enum', values}),
  [DuckDBTypeId.LIST]: ({valueType}: DuckDBListType) => ({
    kind: 'list',
    item: columnType(valueType),
  }),
  [DuckDBTypeId.ARRAY]: ({valueType, length}: DuckDBArrayType) => ({
    kind: 'array',
    item: columnType(valueType),
    length,
  }),
  [DuckDBTypeId.STRUCT]: ({entryNames, entryTypes}: DuckDBStructType) => ({
    kind: 'struct',
    fields: entryNames.map((name, index) => ({name, type: columnType(entryTypes[index]!)})),
  }),
  [DuckDBTypeId.MAP]: ({keyType, valueType}: DuckDBMapType) => ({
    kind: 'map',
    key: columnType(keyType),
    value: columnType(valueType),
  }),
  [DuckDBTypeId.UNION]: ({memberTags, memberTypes}: DuckDBUnionType) => ({
    kind: 'union',
    members: memberTags.map((name, index) => ({name, type: columnType(memberTypes[index]!)})),
  }),
}

/** The engine's type as the port names it. Total: a type nobody has listed is `other`. */
export function columnType(type: DuckDBType): ColumnType {
  const describe = WITH_PARAMETERS[type.typeId] as ((type: DuckDBType) => ColumnType) | undefined
  return describe?.(type) ?? PLAIN[type.typeId] ?? {kind: 'other'}
}

/** The engine's spelling, with `JSON` rather than the VARCHAR it is stored as. */
export function typeText(type: DuckDBType): string {
  return type.alias ?? type.toString()
}
