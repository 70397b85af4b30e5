import {sqlWords, type SqlWord} from '../../lib/remote/sql-words.js'

/**
 * SQL that this server's parser and BigQuery read alike. Rights are decided on what the parser sees, so
 * whatever the two could take for different things (a text for a name, a text that ends elsewhere, a
 * comment that only one of them knows) is refused with what to write instead.
 */
export interface BothWays {
  /** For BigQuery: without comments. */
  bigQuery: string
  /** For the parser: names between backticks stand between double quotes, at the same places. */
  parser: string
}

/** @returns what is the matter with the text, as a sentence, where it could be read in two ways */
export function readBothWays(sql: string): BothWays | {problem: string} {
  const words = sqlWords(sql)
  for (const word of words) {
    const problem = problemOf(word)
    if (problem !== undefined) return {problem}
  }
  return {bigQuery: joined(sql, words, ({text}) => text), parser: joined(sql, words, parserText)}
}

function problemOf({kind, text}: SqlWord): string | undefined {
  switch (kind) {
    case 'comment':
      return text.indexOf('/*', 2) > 0 ? 'Leave the comment within a comment out.' : undefined
    case 'text':
      return textProblem(text)
    case 'quoted':
      if (text.startsWith('"'))
        return 'In BigQuery, "..." is a text: write names between backticks and texts between single quotes.'
      return /["\\\n]/.test(text) || text.length < 3 || !text.endsWith('`')
        ? 'A name between backticks is letters, digits, dots, _ and -.'
        : undefined
    case 'symbol':
      if (text === '$') return DOLLAR
      if (text === '#') return 'Begin a comment with --.'
      return text === '\\' ? 'A backslash has no place in a query.' : undefined
    default:
      return text.includes('$') ? DOLLAR : undefined
  }
}

const DOLLAR = 'Write texts between single quotes and names without $.'

function textProblem(text: string): string | undefined {
  if (text.startsWith('$')) return DOLLAR
  if (text.length < 2 || !text.endsWith("'")) return 'A text is not closed.'
  if (text.includes('\\')) return 'Write a backslash in a text as chr(92).'
  if (text.slice(1, -1).includes("'")) return 'Write a quotation mark in a text as chr(39).'
  return undefined
}

function parserText({kind, text}: SqlWord): string {
  return kind === 'quoted' ? `"${text.slice(1, -1)}"` : text
}

/** The words where they stood; a comment is as many spaces. */
function joined(sql: string, words: readonly SqlWord[], write: (word: SqlWord) => string): string {
  let text = ''
  let at = 0
  for (const word of words) {
    text += sql.slice(at, word.start)
    text += word.kind === 'comment' ? ' '.repeat(word.text.length) : write(word)
    at = word.end
  }
  return text + sql.slice(at)
}
