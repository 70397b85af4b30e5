import type {DuckDBType} from '@duckdb/node-api'
import {columnType} from './duckdb-warehouse-types.js'
import type {ColumnType} from '../ports/warehouse.js'

/** The statement that writes `source` to a Parquet file with every value exact. */
export function parquetCopy(
  source: string,
  columns: readonly {name: string; type: DuckDBType}[],
  options: {path: string; limit?: number},
): string {
  const names = uniqueNames(columns.map(({name}) => name)).map(identifier)
  const aliases = columns.map((_, index) => `c${index}`)
  const selected = columns.map(({type}, index) => {
    const target = exactType(columnType(type))
    const value = target === undefined ? aliases[index]! : `CAST(${aliases[index]!} AS ${target})`
    return `${value} AS ${names[index]!}`
  })
  const limit = options.limit === undefined ? '' : ` LIMIT ${options.limit}`
  return (
    `COPY (SELECT ${selected.join(', ')} FROM ${source} AS t(${aliases.join(', ')})${limit}) ` +
    `TO ${literal(options.path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`
  )
}

/** Parquet field names must differ: `x`, `x_2`, `x_3`. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let candidate = name
    for (let number = 2; taken.has(candidate.toLowerCase()); number++)
      candidate = `${name}_${number}`
    taken.add(candidate.toLowerCase())
    return candidate
  })
}

/** The type a column is cast to because Parquet would round its own; `undefined` when it keeps it. */
function exactType(_type: ColumnType): string | undefined {
  return undefined
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
