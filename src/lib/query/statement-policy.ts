import {QueryError} from '../errors.js'
import type {StatementFacts} from '../ports/warehouse.js'

/**
 * Functions that change the session or hide SQL from the checks, though they stand inside a SELECT: logging
 * and profiling write files and print, the parser switches change how text is read, and SQL made of a
 * string at run time names tables that nobody has looked at.
 */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  'enable_logging',
  'disable_logging',
  'truncate_duckdb_logs',
  'write_log',
  'enable_profiling',
  'disable_profiling',
  'enable_peg_parser',
  'disable_peg_parser',
  'checkpoint',
  'force_checkpoint',
  'query',
  'json_execute_serialized_sql',
])

/** `QueryError` for anything but one SELECT or EXPLAIN of one. */
export function checkStatement(facts: StatementFacts): void {
  if (facts.kind === 'other')
    throw new QueryError(
      `agnes query reads: it runs one SELECT, or EXPLAIN of one, and this is ${article(facts.kindText)} statement.`,
      {
        code: 'not_a_query',
        hint: 'To keep an answer, add --out FILE with --format csv, parquet or another format.',
        details: {statement: facts.kindText},
      },
    )
  const refused = facts.functionNames.find((name) => REFUSED_FUNCTIONS.has(name))
  if (refused !== undefined)
    throw new QueryError(`The function ${refused} is not available in agnes query.`, {
      code: 'function_refused',
      hint: 'Write the query without it: agnes query only reads tables.',
      details: {function: refused},
    })
}

function article(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}
