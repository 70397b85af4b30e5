import type {DuckDBConnection} from '@duckdb/node-api'
import {QueryError} from '../errors.js'
import type {StatementFacts} from '../ports/warehouse.js'
import {translateDuckDbError} from './duckdb-warehouse-errors.js'
import {lexSql, splitStatements, type SqlToken} from './sql-lexer.js'

type TableName = StatementFacts['tableNames'][number]

/** Words a dynamic PIVOT can begin with: the engine turns it into several statements and cannot serialise it. */
const PIVOT_STARTS = new Set(['PIVOT', 'UNPIVOT', 'FROM', 'SELECT', 'WITH', '('])
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** Parses one statement with the engine's own parser, without binding or running it. */
export async function inspectStatement(
  connection: DuckDBConnection,
  sql: string,
): Promise<StatementFacts> {
  const statements = splitStatements(lexSql(sql))
  const [tokens] = statements
  if (!tokens || statements.length !== 1)
    throw new QueryError(
      tokens
        ? `One statement is expected; this text has ${statements.length}.`
        : 'There is no statement in this text.',
      {code: 'not_one_statement', details: {statements: statements.length}},
    )
  const text = sql.slice(tokens[0]!.start, tokens.at(-1)!.end)
  if (keyword(tokens[0]!) === 'EXPLAIN') return inspectExplained(connection, tokens, text)
  return inspectPlain(connection, tokens, text)
}

/** EXPLAIN ANALYZE runs what it explains, so its kind is that of the statement inside. */
async function inspectExplained(
  connection: DuckDBConnection,
  tokens: SqlToken[],
  text: string,
): Promise<StatementFacts> {
  let at = 1
  while (['ANALYZE', 'VERBOSE'].includes(keyword(tokens[at]))) at++
  if (tokens[at]?.text === '(' && /^(?:FORMAT|ANALYZE|VERBOSE)$/.test(keyword(tokens[at + 1])))
    at = tokens.findIndex((token, index) => index > at && token.text === ')') + 1
  const inner = tokens.slice(at)
  if (inner.length === 0) throw new QueryError('EXPLAIN needs a statement to explain.')
  const offset = tokens[0]!.start
  const facts = await inspectPlain(connection, inner, text.slice(inner[0]!.start - offset))
  return facts.kind === 'select'
    ? {...facts, kind: 'explain', kindText: 'EXPLAIN'}
    : {...facts, kind: 'other', kindText: `EXPLAIN ${facts.kindText}`}
}

async function inspectPlain(
  connection: DuckDBConnection,
  tokens: SqlToken[],
  text: string,
): Promise<StatementFacts> {
  const kindText = keyword(tokens[0]!)
  const called = calledNames(tokens)
  const tree = await serialise(connection, text)
  if (tree !== undefined)
    return {
      kind: 'select',
      kindText,
      tableNames: unique([...engineTableNames(connection, text), ...treeTableNames(tree)]),
      functionNames: [...new Set([...called, ...treeFunctionNames(tree)])],
    }
  const query = viewQuery(tokens)
  if (query) {
    const start = query[0]!.start - tokens[0]!.start
    return {...(await inspectPlain(connection, query, text.slice(start))), kind: 'other', kindText}
  }
  const isPivot =
    PIVOT_STARTS.has(kindText) &&
    !tokens.some((token) => WRITES.has(keyword(token))) &&
    (await parses(connection, text)) > 1
  if (!isPivot) return {kind: 'other', kindText, tableNames: [], functionNames: called}
  const tableNames = possibleTableNames(tokens)
  return {kind: 'select', kindText, tableNames, isGuess: true, functionNames: called}
}

/** The SELECT inside a CREATE VIEW: what follows the first AS outside parentheses. */
function viewQuery(tokens: SqlToken[]): SqlToken[] | undefined {
  if (keyword(tokens[0]) !== 'CREATE') return undefined
  let depth = 0
  let isView = false
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(') depth++
    else if (token.text === ')') depth--
    else if (depth === 0 && keyword(token) === 'VIEW') isView = true
    else if (depth === 0 && keyword(token) === 'AS')
      return isView && index + 1 < tokens.length ? tokens.slice(index + 1) : undefined
  }
  return undefined
}

function keyword(token: SqlToken | undefined): string {
  return token && token.kind !== 'quoted' ? token.text.toUpperCase() : ''
}

/** The syntax tree of a SELECT; `undefined` for every other kind. A parser error is thrown. */
async function serialise(connection: DuckDBConnection, text: string): Promise<unknown> {
  const literal = `'${text.replaceAll("'", "''")}'`
  let answer: {error: boolean; error_type?: string; statements?: unknown[]}
  try {
    const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal})`)
    answer = JSON.parse(String(reader.value(0, 0)))
  } catch (error) {
    throw translateDuckDbError(error)
  }
  if (!answer.error) return answer.statements
  if (answer.error_type === 'parser') await parses(connection, text)
  return undefined
}

/**
 * The number of statements the engine makes of the text; its parser's own error otherwise. Only for text
 * that begins like a query: preparing EXPORT or IMPORT DATABASE already touches files.
 */
async function parses(connection: DuckDBConnection, text: string): Promise<number> {
  try {
    return (await connection.extractStatements(text)).count
  } catch (error) {
    throw translateDuckDbError(error)
  }
}

/** Knows the scope of CTEs, but not the inside of PIVOT and UNPIVOT. */
function engineTableNames(connection: DuckDBConnection, text: string): TableName[] {
  return connection.getTableNames(text, true).map((qualified) => {
    const tokens = lexSql(qualified)
    // An alias follows the name.
    const end = tokens.findIndex(({text}, index) => index % 2 === 1 && text !== '.')
    const path = tokens.slice(0, end < 0 ? tokens.length : end)
    const names = path.filter((_token, index) => index % 2 === 0).map(({text}) => text)
    return {schema: names.slice(0, -1).join('.') || null, name: names.at(-1) ?? qualified}
  })
}

/** Every table node of the tree whose name no CTE of the statement bears. */
function treeTableNames(tree: unknown): TableName[] {
  const found: TableName[] = []
  const cteNames = new Set<string>()
  visit(tree, (node) => {
    if (node.cte_map !== undefined)
      for (const {key} of (node.cte_map as {map: {key: string}[]}).map)
        cteNames.add(key.toLowerCase())
    if (node.type !== 'BASE_TABLE') return
    const schema = [node.catalog_name, node.schema_name].filter(Boolean).join('.') || null
    found.push({schema, name: String(node.table_name)})
  })
  return found.filter(({schema, name}) => schema !== null || !cteNames.has(name.toLowerCase()))
}

function treeFunctionNames(tree: unknown): string[] {
  const names: string[] = []
  visit(tree, (node) => {
    if (typeof node.function_name === 'string') names.push(node.function_name.toLowerCase())
  })
  return names
}

function visit(value: unknown, onNode: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, onNode)
  else if (typeof value === 'object' && value !== null) {
    onNode(value as Record<string, unknown>)
    for (const child of Object.values(value)) visit(child, onNode)
  }
}

/** Names that stand before a parenthesis: all calls, and some words that are not. */
function calledNames(tokens: readonly SqlToken[]): string[] {
  const names = tokens.filter(
    ({kind}, index) => (kind === 'word' || kind === 'quoted') && tokens[index + 1]?.text === '(',
  )
  return [...new Set(names.map(({text}) => text.toLowerCase()))]
}

/** For a dynamic PIVOT, whose tree the engine does not give: every name in it that could be a table's. */
function possibleTableNames(tokens: readonly SqlToken[]): TableName[] {
  const names: TableName[] = []
  const isName = (token: SqlToken | undefined) => token?.kind === 'word' || token?.kind === 'quoted'
  for (let at = 0; at < tokens.length; at++) {
    if (!isName(tokens[at])) continue
    const chain = [tokens[at]!.text]
    while (tokens[at + 1]?.text === '.' && isName(tokens[at + 2])) {
      at += 2
      chain.push(tokens[at]!.text)
    }
    if (tokens[at + 1]?.text !== '(' || chain.length > 1)
      names.push({schema: chain.slice(0, -1).join('.') || null, name: chain.at(-1)!})
  }
  return unique(names)
}

function unique(names: readonly TableName[]): TableName[] {
  const byKey = new Map(names.map((name) => [`${name.schema ?? ''}\u0000${name.name}`, name]))
  return [...byKey.values()]
}
