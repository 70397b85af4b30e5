import {childNodes, isNode, textOf, type ParsedSql, type SqlNode} from './sql-tree.js'

export type WhereRefusalKind =
  | 'parse_error'
  | 'multi_statement'
  | 'disallowed_node'
  | 'nested_select'
  | 'ddl_or_dml'
  | 'cross_table_reference'
  | 'unknown_column'
  | 'unknown_function'

export interface WhereRefusal {
  kind: WhereRefusalKind
  details: {column?: string; function?: string}
}

/** Functions a predicate may call, as the contract writes them (4.2). */
const CONTRACT_FUNCTIONS =
  `CURRENT_DATE CURRENT_TIMESTAMP CURRENT_TIME DATE DATETIME TIMESTAMP TIME DATE_ADD DATE_SUB DATE_DIFF
  DATE_TRUNC EXTRACT FORMAT_DATE FORMAT_TIMESTAMP PARSE_DATE PARSE_TIMESTAMP UNIX_SECONDS UNIX_MILLIS
  CONCAT LENGTH LOWER UPPER SUBSTR SUBSTRING TRIM LTRIM RTRIM REPLACE STARTS_WITH ENDS_WITH
  CONTAINS_SUBSTR REGEXP_CONTAINS REGEXP_EXTRACT SAFE_CAST REGEXP_LIKE ABS CEIL FLOOR ROUND MOD POWER
  SQRT LOG LN EXP SIGN GREATEST LEAST CAST IF IFNULL COALESCE NULLIF CASE`.split(/\s+/)

/** What the engine's parser turns allowed syntax into: EXTRACT, INTERVAL, LIKE … ESCAPE, SIMILAR TO. */
const PARSER_FUNCTIONS = [
  'date_part',
  'get_current_timestamp',
  'like_escape',
  'not_like_escape',
  'ilike_escape',
  'not_ilike_escape',
  'regexp_full_match',
  'trunc',
  'to_years',
  'to_quarters',
  'to_months',
  'to_weeks',
  'to_days',
  'to_hours',
  'to_minutes',
  'to_seconds',
  'to_milliseconds',
  'to_microseconds',
]
const FUNCTIONS = new Set([
  ...CONTRACT_FUNCTIONS.map((name) => name.toLowerCase()),
  ...PARSER_FUNCTIONS,
])

const OPERATORS = new Set(
  '+ - * / // % ^ ** || ~ !~ ~~ !~~ ~~* !~~* ~~~ ^@ & | << >> -> ->> @ && @> <@'.split(' '),
)

/** Written without parentheses, these reach the parser as columns. */
const NILADIC = new Set(['current_date', 'current_timestamp', 'current_time'])

const CLASSES = new Set([
  'CONJUNCTION',
  'COMPARISON',
  'COLUMN_REF',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
  'CASE',
  'CAST',
  'BETWEEN',
  'COLLATE',
])

/** How a predicate is parsed: alone, to name what is wrong with it, and as it is spliced, to be safe. */
export function wherePrologue(where: string): {alone: string; spliced: string} {
  return {alone: `SELECT 1 FROM t WHERE ${where}`, spliced: `SELECT 1 FROM t WHERE (\n${where}\n)`}
}

/** One closing `;` is allowed and dropped. */
export function withoutTerminator(where: string): string {
  return where.replace(/;\s*$/, '')
}

/**
 * Why the predicate may not be used, or `null`. `spliced` is the tree of the text exactly as it will
 * run, so nothing that passes here can mean something else there.
 */
export function checkWhere(
  {text, alone, spliced}: {text: string; alone: ParsedSql; spliced: ParsedSql},
  table: {id: string; columns: readonly string[]},
): WhereRefusal | null {
  if (/;\s*$/.test(text)) return refusal('multi_statement')
  if (alone.outcome === 'not_select') return refusal('multi_statement')
  if (alone.outcome === 'syntax_error') return refusal('parse_error')
  if (alone.statements.length !== 1) return refusal('multi_statement')
  const node = alone.statements[0]
  if (node?.type !== 'SELECT_NODE') return refusal('disallowed_node')
  if (spliced.outcome !== 'select' || spliced.statements.length !== 1)
    return refusal('disallowed_node')
  const clause = spliced.statements[0]?.where_clause
  if (!isNode(clause)) return refusal('parse_error')
  const columns = new Set(table.columns.map((name) => name.toLowerCase()))
  return checkExpression(clause, {id: table.id.toLowerCase(), columns})
}

interface Known {
  id: string
  columns: ReadonlySet<string>
}

function checkExpression(node: SqlNode, known: Known): WhereRefusal | null {
  const own = checkNode(node, known)
  if (own) return own
  for (const child of childNodes(node)) {
    const found =
      child.class === undefined ? checkHolder(child, known) : checkExpression(child, known)
    if (found) return found
  }
  return null
}

/** Objects between expressions, such as the arms of a CASE or an empty ORDER BY of a function. */
function checkHolder(node: SqlNode, known: Known): WhereRefusal | null {
  if (node.type === 'SELECT_NODE' || 'from_table' in node) return refusal('nested_select')
  for (const child of childNodes(node)) {
    const found =
      child.class === undefined ? checkHolder(child, known) : checkExpression(child, known)
    if (found) return found
  }
  return null
}

function checkNode(node: SqlNode, known: Known): WhereRefusal | null {
  const kind = textOf(node, 'class')
  if (kind === 'SUBQUERY') return refusal('nested_select')
  if (kind === 'WINDOW') return unknownFunction(node)
  if (kind === 'COLUMN_REF') return checkColumn(node.column_names as string[], known)
  if (kind === 'FUNCTION') return checkFunction(node)
  if (!CLASSES.has(kind)) return refusal('disallowed_node')
  if (node.type === 'OPERATOR_UNPACK') return refusal('disallowed_node')
  // `(expression).field` reads into a struct, as `column.field` does.
  return node.type === 'STRUCT_EXTRACT' ? refusal('cross_table_reference') : null
}

function checkColumn(names: readonly string[], known: Known): WhereRefusal | null {
  const column = names.at(-1) ?? ''
  const isKnown = known.columns.has(column.toLowerCase())
  if (names.length > 2 || (names.length === 2 && names[0]?.toLowerCase() !== known.id))
    return refusal('cross_table_reference')
  if (isKnown || (names.length === 1 && NILADIC.has(column.toLowerCase()))) return null
  return {kind: 'unknown_column', details: {column}}
}

function checkFunction(node: SqlNode): WhereRefusal | null {
  // The parser takes any run of symbols for an operator: a backtick, for one.
  if (node.is_operator === true)
    return OPERATORS.has(textOf(node, 'function_name')) ? null : refusal('parse_error')
  // The parser itself qualifies what it makes of EXTRACT and the like.
  const isPlain =
    ['', 'main'].includes(textOf(node, 'schema')) &&
    ['', 'system'].includes(textOf(node, 'catalog'))
  return isPlain && FUNCTIONS.has(textOf(node, 'function_name').toLowerCase())
    ? null
    : unknownFunction(node)
}

function unknownFunction(node: SqlNode): WhereRefusal {
  const name = textOf(node, 'function_name') || 'window function'
  return {kind: 'unknown_function', details: {function: name.toUpperCase()}}
}

function refusal(kind: WhereRefusalKind): WhereRefusal {
  return {kind, details: {}}
}
