import {nameOf, sqlWords, type SqlWord} from './sql-words.js'

/** A SELECT from one table, as far as it decides what has to be read for it. */
export interface ScanShape {
  /** As written, without quotes. */
  table: string
  /** Every name in the statement, lower case: the columns are among them, and perhaps other names. */
  names: ReadonlySet<string>
  /** True when all columns are read. */
  hasStar: boolean
  /** The text of the WHERE clause. */
  where: string | null
}

/** Why the bytes of a statement cannot be estimated beforehand, as the end of a sentence. */
export interface NoShape {
  reason: string
}

const CLAUSES = new Set(
  'where group having order limit offset qualify window union intersect except'.split(' '),
)
const SET_OPERATIONS = new Set('union intersect values'.split(' '))
const JOINS = new Set('join inner left right full cross natural asof positional'.split(' '))

export function scanShape(sql: string): ScanShape | NoShape {
  const words = sqlWords(sql).filter(({kind}) => kind !== 'comment')
  const refusal = refusalOf(words)
  if (refusal !== undefined) return {reason: refusal}
  const depths = depthsOf(words)
  const isAt = (index: number, keyword: string) => depths[index] === 0 && is(words[index], keyword)
  const from = words.findIndex((_word, index) => isAt(index, 'from'))
  const target = words[from + 1]
  if (from < 0 || !target) return {reason: 'it reads no table'}
  if (target.kind !== 'word' && target.kind !== 'quoted')
    return {reason: 'it does not read one plain table'}
  if (words[from + 2]?.text === '.' || target.text.startsWith('`'))
    return {reason: 'it names a path of the warehouse and not a table of the catalog'}
  const clause = words.findIndex(
    (word, index) => index > from + 1 && depths[index] === 0 && isOneOf(word, CLAUSES),
  )
  const between = words.slice(from + 2, clause < 0 ? words.length : clause)
  if (between.some((word) => word.text === ',' || isOneOf(word, JOINS)))
    return {reason: 'it reads more than one table'}
  const alias = aliasOf(between)
  if (alias === undefined) return {reason: 'it does not read one plain table'}
  const table = nameOf(target)
  const rowNames = new Set([table.toLowerCase(), alias.toLowerCase()])
  const read = words.filter((_word, index) => index <= from || index > from + 1 + between.length)
  return {
    table,
    names: new Set(read.filter(isName).map((word) => nameOf(word).toLowerCase())),
    hasStar: read.some(
      (word, index) => isStar(word, read[index - 1]) || isRow(read, index, rowNames),
    ),
    where: whereText(sql, {words, depths, clause}),
  }
}

function refusalOf(words: readonly SqlWord[]): string | undefined {
  if (!is(words[0], 'select')) return 'it does not begin with SELECT'
  if (words.filter((word) => is(word, 'select')).length > 1) return 'it holds more than one SELECT'
  if (words.some((word) => isOneOf(word, SET_OPERATIONS))) return 'it holds more than one query'
  return undefined
}

/** `''` for none, `undefined` for something that is not an alias. */
function aliasOf(between: readonly SqlWord[]): string | undefined {
  const rest = is(between[0], 'as') ? between.slice(1) : between
  if (rest.length === 0) return between.length === 0 ? '' : undefined
  return rest.length === 1 && isName(rest[0]!) ? nameOf(rest[0]!) : undefined
}

function whereText(
  sql: string,
  {words, depths, clause}: {words: readonly SqlWord[]; depths: readonly number[]; clause: number},
): string | null {
  if (clause < 0 || !is(words[clause], 'where')) return null
  const end = words.findIndex(
    (word, index) => index > clause && depths[index] === 0 && isOneOf(word, CLAUSES),
  )
  return sql.slice(words[clause]!.end, end < 0 ? sql.length : words[end]!.start).trim()
}

/** A `*` that stands for columns, not one that multiplies or counts rows. */
function isStar({text}: SqlWord, before: SqlWord | undefined): boolean {
  if (text !== '*') return false
  return before?.text === ',' || before?.text === '.' || isOneOf(before, STAR_AFTER)
}

const STAR_AFTER = new Set(['select', 'distinct', 'all'])

/** `SELECT t FROM t` reads whole rows, and `COLUMNS(…)` reads whatever fits. */
function isRow(words: readonly SqlWord[], index: number, rowNames: ReadonlySet<string>): boolean {
  const word = words[index]!
  if (is(word, 'columns')) return true
  const next = words[index + 1]?.text
  return isName(word) && rowNames.has(nameOf(word).toLowerCase()) && next !== '.'
}

function depthsOf(words: readonly SqlWord[]): number[] {
  let depth = 0
  return words.map(({text}) => {
    if (text === ')' || text === ']') depth--
    const at = depth
    if (text === '(' || text === '[') depth++
    return at
  })
}

function isName({kind}: SqlWord): boolean {
  return kind === 'word' || kind === 'quoted'
}

function is(word: SqlWord | undefined, keyword: string): boolean {
  return word?.kind === 'word' && word.text.toLowerCase() === keyword
}

function isOneOf(word: SqlWord | undefined, keywords: ReadonlySet<string>): boolean {
  return word?.kind === 'word' && keywords.has(word.text.toLowerCase())
}
