import {
  DuckDBTypeId,
  type DuckDBArrayType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
} from '@duckdb/node-api'
import {typeText} from './duckdb-warehouse-types.js'

/** The statement that writes `source` to a Parquet file with every value exact. Names must differ. */
export function parquetCopy(
  source: string,
  columns: readonly {name: string; type: DuckDBType}[],
  options: {path: string; limit?: number | undefined},
): string {
  const aliases = columns.map((_, index) => `c${index}`)
  const selected = columns.map(({name, type}, index) => {
    const target = exactType(type)
    const value = target === undefined ? aliases[index]! : `CAST(${aliases[index]!} AS ${target})`
    return `${value} AS ${identifier(name)}`
  })
  const limit = options.limit === undefined ? '' : ` LIMIT ${options.limit}`
  return (
    `COPY (SELECT ${selected.join(', ')} FROM ${source} AS t(${aliases.join(', ')})${limit}) ` +
    `TO ${literal(options.path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, USE_TMP_FILE false)`
  )
}

/** Parquet has no such types: the engine would write the first as doubles, the others without a part of them. */
const EXACT: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.HUGEINT]: 'DECIMAL(38, 0)',
  [DuckDBTypeId.UHUGEINT]: 'VARCHAR',
  [DuckDBTypeId.TIME_TZ]: 'VARCHAR',
  [DuckDBTypeId.INTERVAL]: 'VARCHAR',
}

/** The type a column is cast to because Parquet would not keep its own; `undefined` when it does. */
function exactType(type: DuckDBType): string | undefined {
  switch (type.typeId) {
    case DuckDBTypeId.LIST: {
      const item = exactType((type as DuckDBListType).valueType)
      return item && `${item}[]`
    }
    case DuckDBTypeId.ARRAY: {
      const item = exactType((type as DuckDBArrayType).valueType)
      return item && `${item}[${(type as DuckDBArrayType).length}]`
    }
    case DuckDBTypeId.MAP: {
      const {keyType, valueType} = type as DuckDBMapType
      const [key, value] = [exactType(keyType), exactType(valueType)]
      if (!key && !value) return undefined
      return `MAP(${key ?? typeText(keyType)}, ${value ?? typeText(valueType)})`
    }
    case DuckDBTypeId.STRUCT:
      return exactStruct(type as DuckDBStructType)
    default:
      return EXACT[type.typeId]
  }
}

function exactStruct({entryNames, entryTypes}: DuckDBStructType): string | undefined {
  const exact = entryTypes.map(exactType)
  if (exact.every((type) => type === undefined)) return undefined
  const fields = entryTypes.map((type, index) => {
    const name = entryNames[index] === '' ? '' : `${identifier(entryNames[index]!)} `
    return `${name}${exact[index] ?? typeText(type)}`
  })
  return `STRUCT(${fields.join(', ')})`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
