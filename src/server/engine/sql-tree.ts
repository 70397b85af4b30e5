import type {WarehouseSession} from '../../lib/ports/warehouse.js'

/** A node of the engine's own syntax tree, as `json_serialize_sql` prints it. */
export interface SqlNode {
  readonly [key: string]: unknown
}

export type ParsedSql =
  | {outcome: 'select'; statements: readonly SqlNode[]}
  /** It parses, but at least one statement is not a SELECT. */
  | {outcome: 'not_select'}
  | {outcome: 'syntax_error'; message: string; position: number | null}

/** Longer texts and deeper expressions cost the engine minutes before it can be interrupted. */
const MAX_LENGTH = 100_000
const MAX_DEPTH = 250

/** Parses without running or binding anything. `session` needs no file access. */
export async function parseSql(
  session: WarehouseSession,
  sql: string,
  signal?: AbortSignal,
): Promise<ParsedSql> {
  if (sql.length > MAX_LENGTH)
    return tooComplex(`the statement is longer than ${MAX_LENGTH} characters`)
  const rows = await session.rows('SELECT json_serialize_sql(CAST(? AS VARCHAR))', [sql], signal)
  const tree = JSON.parse(withoutUnknownPlaces(String(rows[0]?.[0]))) as SerializedSql
  if (!tree.error) {
    const statements = tree.statements.map(({node}) => node)
    return statements.some((node) => isDeeper(node, MAX_DEPTH))
      ? tooComplex(`expressions are nested more than ${MAX_DEPTH} deep`)
      : {outcome: 'select', statements}
  }
  if (tree.error_type === 'not implemented') return {outcome: 'not_select'}
  const position = Number.parseInt(tree.position ?? '', 10)
  return {
    outcome: 'syntax_error',
    message: tree.error_message,
    position: Number.isSafeInteger(position) ? position : null,
  }
}

function tooComplex(message: string): ParsedSql {
  return {outcome: 'syntax_error', message, position: null}
}

function isDeeper(node: SqlNode, depth: number): boolean {
  return depth < 0 || childNodes(node).some((child) => isDeeper(child, depth - 1))
}

/** "No place" is 2^64-1, which JavaScript would round to a number the engine no longer takes back. */
export function withoutUnknownPlaces(tree: string): string {
  return tree.replaceAll('"query_location":18446744073709551615', '"query_location":0')
}

type SerializedSql =
  | {error: false; statements: {node: SqlNode}[]}
  | {error: true; error_type: string; error_message: string; position?: string}

export function isNode(value: unknown): value is SqlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Direct children, through arrays and plain holders; never into constants. */
export function childNodes(node: SqlNode): SqlNode[] {
  if (node.class === 'CONSTANT') return []
  return Object.values(node).flatMap(nodesIn)
}

function nodesIn(value: unknown): SqlNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn)
  return isNode(value) ? [value] : []
}

export function textOf(node: SqlNode, key: string): string {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}
