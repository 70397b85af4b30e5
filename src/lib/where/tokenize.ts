export interface Token {
  kind: 'word' | 'quoted-name' | 'string' | 'number' | 'sign' | 'comment'
  text: string
}

type Flavor = 'bigquery' | 'duckdb'

/** The pieces of a condition; `problem` when a text, a name or a comment is not closed. */
export function tokenize(
  source: string,
  flavor: Flavor,
): {tokens: Token[]; problem: string | null} {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at)
    const space = /^\s+/.exec(rest)?.[0]
    if (space !== undefined) {
      at += space.length
      continue
    }
    const found = next(rest, flavor)
    if (typeof found === 'string') return {tokens, problem: found}
    tokens.push(found)
    at += found.text.length
  }
  return {tokens, problem: null}
}

function next(rest: string, flavor: Flavor): Token | string {
  const comment = /^(?:--[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest) ?? bigQueryComment(rest, flavor)
  if (comment) return {kind: 'comment', text: comment[0]}
  if (rest.startsWith('/*')) return 'A comment is not closed: */ is missing.'
  const quoted = quotedPiece(rest, flavor)
  if (quoted !== undefined) return quoted
  const number = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/i.exec(rest)
  if (number) return {kind: 'number', text: number[0]}
  const word = /^[\p{L}_][\p{L}\p{N}_$]*/u.exec(rest)
  if (word) return {kind: 'word', text: word[0]}
  const sign = /^(?:::|<=|>=|<>|!=|\|\||==)/.exec(rest)
  return {kind: 'sign', text: sign?.[0] ?? String.fromCodePoint(rest.codePointAt(0)!)}
}

function bigQueryComment(rest: string, flavor: Flavor): RegExpExecArray | null {
  return flavor === 'bigquery' ? /^#[^\n]*/.exec(rest) : null
}

function quotedPiece(rest: string, flavor: Flavor): Token | string | undefined {
  const prefix = flavor === 'bigquery' ? (/^(?:r|b|rb|br)(?=['"])/i.exec(rest)?.[0] ?? '') : ''
  const quote = rest[prefix.length]
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined
  const isName = quote === '`' || (quote === '"' && flavor === 'duckdb')
  const end = endOfQuoted(rest, prefix.length, {quote, hasEscapes: flavor === 'bigquery'})
  if (end === undefined)
    return isName
      ? `A name is not closed: ${quote} is missing.`
      : `A text is not closed: ${quote} is missing.`
  return {kind: isName ? 'quoted-name' : 'string', text: rest.slice(0, end)}
}

/** After the closing quote; a doubled one, or one behind a backslash, does not close. */
function endOfQuoted(
  text: string,
  start: number,
  {quote, hasEscapes}: {quote: string; hasEscapes: boolean},
): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (hasEscapes && text[at] === '\\') at++
    else if (text[at] === quote && text[at + 1] === quote) at++
    else if (text[at] === quote) return at + 1
  }
  return undefined
}
