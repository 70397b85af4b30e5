/** SQLite's loose typing against DuckDB's strict one. Pure. */

export interface SqliteColumn {
  name: string
  /** As declared; may be empty. */
  declared: string
  /** What `typeof()` says of the column's values, nulls left out. */
  found: ReadonlySet<string>
}

export interface ColumnPlan {
  name: string
  duckType: 'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'BLOB' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP'
  /** How SQLite prints a value so that nothing is rounded on the way. */
  sqliteText: string
}

/** The declared type where every value obeys it, text otherwise. */
export function planColumn(column: SqliteColumn): ColumnPlan {
  const name = column.name
  const quoted = `"${name.replaceAll('"', '""')}"`
  const only = (...kinds: string[]) => [...column.found].every((kind) => kinds.includes(kind))
  const text = {name, duckType: 'VARCHAR', sqliteText: `CAST(${quoted} AS TEXT)`} as const
  if (column.found.has('blob'))
    return only('blob')
      ? {name, duckType: 'BLOB', sqliteText: `hex(${quoted})`}
      : mixed(quoted, name)
  const declared = declaredType(column.declared)
  if (declared === 'BIGINT' && only('integer')) return {...text, duckType: 'BIGINT'}
  if (declared === 'BOOLEAN' && only('integer')) return {...text, duckType: 'BOOLEAN'}
  if (declared === 'DOUBLE' && only('integer', 'real'))
    return {name, duckType: 'DOUBLE', sqliteText: `printf('%!.17g', ${quoted})`}
  if ((declared === 'DATE' || declared === 'TIMESTAMP') && only('text'))
    return {...text, duckType: declared}
  return text
}

function mixed(quoted: string, name: string): ColumnPlan {
  return {
    name,
    duckType: 'VARCHAR',
    sqliteText: `CASE typeof(${quoted}) WHEN 'blob' THEN hex(${quoted}) ELSE CAST(${quoted} AS TEXT) END`,
  }
}

/** SQLite's affinity rules, with the date names DuckDB's extension adds. */
function declaredType(declared: string): ColumnPlan['duckType'] {
  const upper = declared.toUpperCase()
  if (upper.includes('BOOL')) return 'BOOLEAN'
  if (upper.includes('INT')) return 'BIGINT'
  if (/REAL|FLOA|DOUB|DEC|NUM/.test(upper)) return 'DOUBLE'
  if (upper.startsWith('DATETIME') || upper.startsWith('TIMESTAMP')) return 'TIMESTAMP'
  if (upper === 'DATE') return 'DATE'
  return 'VARCHAR'
}

/** The expression that turns the printed value, column `c<index>` of a text table, into its type. */
export function duckExpression(plan: ColumnPlan, index: number): string {
  const column = `c${index}`
  if (plan.duckType === 'VARCHAR') return column
  if (plan.duckType === 'BLOB') return `from_hex(${column})`
  if (plan.duckType === 'BOOLEAN') return `CAST(CAST(${column} AS BIGINT) AS BOOLEAN)`
  return `CAST(${column} AS ${plan.duckType})`
}
