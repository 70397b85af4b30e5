import {UsageError} from '../errors.js'
import {nearestName} from '../nearest-name.js'
import {tokenize, type Token} from './tokenize.js'
import {explanationOf, REFUSED_FUNCTIONS} from './explanations.js'

/**
 * WHERE help: finds the mistakes that need no server. Pure. It refuses only what a server refuses for
 * certain (or crashes on); everything else is the server's to judge.
 */
export interface WhereFacts {
  flavor: 'bigquery' | 'duckdb' | null
  /** Column names; `null` when unknown. */
  columns: readonly string[] | null
}

const WORDS = new Set(
  (
    'and or not in is null like ilike between true false case when then else end as any all escape ' +
    'interval date timestamp time datetime cast extract from at zone distinct day days week month months ' +
    'year years quarter hour hours minute minutes second seconds millisecond microsecond dayofweek ' +
    'dayofyear isoweek isoyear asc desc using similar to current_date current_timestamp current_time ' +
    'int64 int integer bigint smallint tinyint float float64 double numeric bignumeric decimal string ' +
    'varchar text bool boolean bytes blob unknown collate nan inf'
  ).split(' '),
)
const TRAILING = new Set(['limit', 'order', 'group', 'having', 'qualify', 'fetch', 'offset'])
const SET_OPERATIONS = new Set(['union', 'except', 'intersect'])

/** Throws `UsageError` (code `where_invalid`); returns what is odd but may be meant. */
export function checkWhere(where: string, facts: WhereFacts): string[] {
  if (where.trim() === '') throw refuse('parse_error', 'The condition of --where is empty.')
  const {tokens, problem} = tokenize(where, facts.flavor ?? 'duckdb')
  if (problem !== null) throw refuse('parse_error', problem)
  const meaningful = tokens.filter(({kind}) => kind !== 'comment')
  if (meaningful.length === 0)
    throw refuse('parse_error', 'The condition of --where is a comment only.')
  checkShape(meaningful)
  checkDialect(meaningful, facts)
  checkColumns(meaningful, facts)
  return []
}

function checkShape(tokens: readonly Token[]): void {
  const first = tokens[0]!
  if (isWord(first, 'where'))
    throw refuse('parse_error', 'Leave out the word WHERE: --where takes the condition alone.')
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(') depth++
    if (token.text === ')' && --depth < 0)
      throw refuse('parse_error', 'A closing parenthesis has no opening one.')
    if (token.text === ';') throw refuse('multi_statement', 'A condition has no semicolon.')
    if (token.kind !== 'word') continue
    const word = token.text.toLowerCase()
    if (word === 'select') throw refuse('nested_select', 'A condition cannot hold a subquery.')
    if (depth === 0 && SET_OPERATIONS.has(word))
      throw refuse('disallowed_node', `A condition cannot be combined with ${word.toUpperCase()}.`)
    if (depth === 0 && TRAILING.has(word) && !isFollowedByComparison(tokens, token))
      throw refuse(
        'disallowed_node',
        `${word.toUpperCase()} is no part of a condition; the server would drop it without a word.`,
      )
  }
  if (depth > 0) throw refuse('parse_error', `${depth} opening parenthesis without a closing one.`)
}

/** `limit = 5` is a column of that name, `LIMIT 5` is not. */
function isFollowedByComparison(tokens: readonly Token[], token: Token): boolean {
  const next = tokens[tokens.indexOf(token) + 1]
  if (!next) return false
  return /^[=<>!]/.test(next.text) || /^(is|in|like|not|between)$/i.test(next.text)
}

function checkDialect(tokens: readonly Token[], {flavor}: WhereFacts): void {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (token.kind !== 'word' || next?.text !== '(') continue
    const name = token.text.toUpperCase()
    const refused = REFUSED_FUNCTIONS[name]
    if (refused === undefined) continue
    if (refused.flavors !== 'all' && (flavor === null || !refused.flavors.includes(flavor)))
      continue
    throw refuse('unknown_function', `The server refuses the function ${name}.`, refused.instead)
  }
}

function checkColumns(tokens: readonly Token[], {columns, flavor}: WhereFacts): void {
  if (columns === null) return
  const known = new Set(columns.map((name) => name.toLowerCase()))
  for (const [index, token] of tokens.entries()) {
    const isName = token.kind === 'quoted-name' || token.kind === 'word'
    if (!isName || isTyped(tokens, index)) continue
    const name = token.kind === 'word' ? token.text : token.text.slice(1, -1)
    if (known.has(name.toLowerCase())) continue
    if (token.kind === 'word' && WORDS.has(name.toLowerCase())) continue
    const near = nearestName(name, columns)
    const isDoubleQuoted = token.text.startsWith('"') && flavor !== 'bigquery'
    const advice = isDoubleQuoted
      ? `Double quotes name a column here. For text write '${name}'.`
      : near === undefined
        ? undefined
        : `Did you mean ${near}?`
    throw refuse('unknown_column', `The table has no column ${name}.`, advice)
  }
}

/** Words that are no column by their place: functions, qualifiers and what they qualify, casts, placeholders. */
function isTyped(tokens: readonly Token[], index: number): boolean {
  const [before, after] = [tokens[index - 1]?.text ?? '', tokens[index + 1]?.text ?? '']
  return (
    after === '(' ||
    after === '.' ||
    before === '.' ||
    before === '::' ||
    before === '@' ||
    before === ':' ||
    before.toLowerCase() === 'as' ||
    tokens[index + 1]?.kind === 'string'
  )
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === word
}

function refuse(kind: string, message: string, advice?: string): UsageError {
  return new UsageError(message, {
    code: 'where_invalid',
    hint: advice ?? explanationOf(kind),
    details: {kind, checkedBy: 'client'},
  })
}
