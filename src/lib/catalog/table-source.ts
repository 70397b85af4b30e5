import type {InstalledTable} from '../sync/state-model.js'

/**
 * The SQL that reads exactly the files of an installed table, and nothing else that may lie beside them.
 * `absolute` turns a path of the state into one the engine opens.
 */
export function tableSource(
  table: Pick<InstalledTable, 'isPartitioned' | 'files'>,
  absolute: (path: string) => string,
): string {
  const paths = table.files.map(({path}) => literal(absolute(path)))
  if (!table.isPartitioned) return `read_parquet(${paths[0] ?? "''"})`
  const isHive = table.files.some(({path}) => /\/[^/=]+=[^/]*\//.test(path))
  return `read_parquet([${paths.join(', ')}], hive_partitioning = ${isHive}, union_by_name = true)`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
