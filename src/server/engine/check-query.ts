import {childNodes, isNode, textOf, type SqlNode} from './sql-tree.js'

/** A table the statement reads, as written; names of common table expressions are not in it. */
export interface TableReference {
  catalog: string
  schema: string
  name: string
  /** Offset in the SQL text. */
  position: number
}

export interface QueryFacts {
  tables: TableReference[]
  /** Every part of every column reference, and the columns of USING; lower case. */
  columns: Set<string>
  /** A `*` or `COLUMNS(…)` somewhere: every column may be read. */
  hasStar: boolean
  /** Functions and table sources that reach beyond the published tables, or tell about the server. */
  refused: string[]
}

/** Table functions that only compute. Anything else that stands in a FROM clause is refused. */
const TABLE_FUNCTIONS = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'repeat_row',
  'json_each',
  'json_tree',
])

/** Scalar functions that tell about the server or plan SQL given as text. */
const REFUSED_FUNCTIONS = new Set([
  'current_setting',
  'getenv',
  'json_serialize_plan',
  'write_log',
  'which_secret',
])
const REFUSED_PREFIX = /^(duckdb_|pragma_|pg_|read_)/

const TABLE_SOURCES = new Set([
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'TABLE_FUNCTION',
  'EXPRESSION_LIST',
  'EMPTY',
  'PIVOT',
  'SHOW_REF',
])

/** What a SELECT reads and calls, by walking the engine's own tree. */
export function checkQuery(statement: SqlNode): QueryFacts {
  const facts: QueryFacts = {tables: [], columns: new Set(), hasStar: false, refused: []}
  const rows: RowNames = {aliases: new Set(), plain: new Set()}
  walk(statement, new Set(), {facts, rows})
  // `SELECT t FROM t` reads whole rows, as a struct.
  for (const name of rows.plain) if (rows.aliases.has(name)) facts.hasStar = true
  return facts
}

/** Lower case: names of table sources, and column references of one part. */
interface RowNames {
  aliases: Set<string>
  plain: Set<string>
}

interface Found {
  facts: QueryFacts
  rows: RowNames
}

function walk(node: SqlNode, scope: ReadonlySet<string>, found: Found): void {
  note(node, scope, found)
  let inner = scope
  const map = isNode(node.cte_map) ? node.cte_map.map : undefined
  for (const entry of Array.isArray(map) ? (map as {key: string; value: SqlNode}[]) : []) {
    walk(entry.value, inner, found)
    inner = new Set([...inner, entry.key.toLowerCase()])
  }
  for (const child of childNodes({...node, cte_map: null}))
    walk(child, scopeOf(node, child, inner), found)
}

/** A recursive expression sees itself in its second half only. */
function scopeOf(node: SqlNode, child: SqlNode, scope: ReadonlySet<string>): ReadonlySet<string> {
  const name = textOf(node, 'ctename') || textOf(node, 'cte_name')
  if (node.type !== 'RECURSIVE_CTE_NODE' || name === '' || child !== node.right) return scope
  return new Set([...scope, name.toLowerCase()])
}

function note(node: SqlNode, scope: ReadonlySet<string>, {facts, rows}: Found): void {
  if (node.class === undefined) return noteSource(node, scope, {facts, rows})
  if (node.class === 'COLUMN_REF') {
    const names = (node.column_names as string[]).map((name) => name.toLowerCase())
    // `t.rec.field` may name a struct column in the middle, so every part counts.
    for (const name of names) facts.columns.add(name)
    if (names.length === 1) rows.plain.add(names[0]!)
  }
  if (node.class === 'STAR') facts.hasStar = true
  if (node.class === 'FUNCTION' || node.class === 'WINDOW') {
    const name = textOf(node, 'function_name').toLowerCase()
    if (REFUSED_FUNCTIONS.has(name) || REFUSED_PREFIX.test(name)) facts.refused.push(name)
  }
}

function noteSource(node: SqlNode, scope: ReadonlySet<string>, {facts, rows}: Found): void {
  const isSource = 'alias' in node && 'sample' in node
  if (!isSource) return
  const type = textOf(node, 'type')
  rows.aliases.add((textOf(node, 'alias') || textOf(node, 'table_name')).toLowerCase())
  if (type === 'PIVOT' || node.ref_type === 'NATURAL') facts.hasStar = true
  if (Array.isArray(node.using_columns))
    for (const name of node.using_columns as string[]) facts.columns.add(name.toLowerCase())
  if (!TABLE_SOURCES.has(type)) facts.refused.push(type.toLowerCase())
  if (type === 'SHOW_REF' && !isNode(node.query)) facts.refused.push('show')
  if (type === 'TABLE_FUNCTION' && isNode(node.function)) {
    const name = textOf(node.function, 'function_name').toLowerCase()
    if (!TABLE_FUNCTIONS.has(name)) facts.refused.push(name)
  }
  if (type === 'BASE_TABLE') noteTable(node, scope, facts)
}

function noteTable(node: SqlNode, scope: ReadonlySet<string>, facts: QueryFacts): void {
  const reference = {
    catalog: textOf(node, 'catalog_name'),
    schema: textOf(node, 'schema_name'),
    name: textOf(node, 'table_name'),
    position: Number(node.query_location),
  }
  const isPlain = reference.catalog === '' && reference.schema === ''
  if (!(isPlain && scope.has(reference.name.toLowerCase()))) facts.tables.push(reference)
}
