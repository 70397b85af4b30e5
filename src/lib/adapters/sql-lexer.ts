/**
 * Words of a DuckDB statement, enough to see where statements end and which names stand before a
 * parenthesis. It never decides what SQL means: that is the engine's parser.
 */
export interface SqlToken {
  kind: 'word' | 'quoted' | 'string' | 'symbol'
  /** A quoted identifier without its quotes; everything else as written. */
  text: string
  start: number
  end: number
}

const PATTERN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n\r]*)`,
    String.raw`(?<block>/\*)`,
    String.raw`(?<dollar>\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$)`,
    String.raw`(?<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*')`,
    String.raw`(?<string>'(?:[^']|'')*')`,
    String.raw`(?<quoted>"(?:[^"]|"")*")`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<symbol>[\s\S])`,
  ].join('|'),
  'y',
)

export function lexSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = []
  const pattern = new RegExp(PATTERN)
  for (let at = 0; at < sql.length;) {
    pattern.lastIndex = at
    const match = pattern.exec(sql)!
    const groups = match.groups!
    let end = pattern.lastIndex
    if (groups.block) end = blockCommentEnd(sql, at)
    else if (groups.dollar) end = dollarStringEnd(sql, groups.dollar, end)
    if (!groups.space && !groups.block) tokens.push(token(sql, groups, {start: at, end}))
    at = end
  }
  return tokens
}

function token(
  sql: string,
  groups: Record<string, string | undefined>,
  {start, end}: {start: number; end: number},
): SqlToken {
  if (groups.word) return {kind: 'word', text: groups.word, start, end}
  if (groups.quoted)
    return {kind: 'quoted', text: groups.quoted.slice(1, -1).replaceAll('""', '"'), start, end}
  const isString = groups.string ?? groups.escaped ?? groups.dollar
  return {kind: isString ? 'string' : 'symbol', text: sql.slice(start, end), start, end}
}

/** Block comments nest. */
function blockCommentEnd(sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length;) {
    if (sql.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth--
      at += 2
      if (depth === 0) return at
    } else at++
  }
  return sql.length
}

function dollarStringEnd(sql: string, quote: string, bodyStart: number): number {
  const close = sql.indexOf(quote, bodyStart)
  return close < 0 ? sql.length : close + quote.length
}

/** Token runs between top-level semicolons, empty ones left out. */
export function splitStatements(tokens: readonly SqlToken[]): SqlToken[][] {
  const statements: SqlToken[][] = [[]]
  for (const item of tokens) {
    if (item.kind === 'symbol' && item.text === ';') statements.push([])
    else statements.at(-1)!.push(item)
  }
  return statements.filter((statement) => statement.length > 0)
}
