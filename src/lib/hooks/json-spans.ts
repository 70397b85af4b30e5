/** Where a value stands in a JSON text. Offsets are in UTF-16 units, `end` is exclusive. */
export type Span =
  | {
      kind: 'object'
      start: number
      end: number
      members: {key: string; start: number; value: Span}[]
    }
  | {kind: 'array'; start: number; end: number; items: Span[]}
  | {kind: 'scalar'; start: number; end: number}

/**
 * Positions of every value of a text that `JSON.parse` accepts, so that an edit can touch one value and
 * leave each other byte as it is. `JSON.parse` followed by `JSON.stringify` would reorder number-like
 * keys, drop repeated ones and round big numbers.
 */
export function jsonSpans(text: string): Span {
  return readValue(text, skipSpace(text, 0))
}

function readValue(text: string, start: number): Span {
  if (text[start] === '{') return readObject(text, start)
  if (text[start] === '[') return readArray(text, start)
  return {
    kind: 'scalar',
    start,
    end: text[start] === '"' ? endOfString(text, start) : endOfWord(text, start),
  }
}

function readObject(text: string, start: number): Span {
  const members: {key: string; start: number; value: Span}[] = []
  let at = skipSpace(text, start + 1)
  while (text[at] !== '}') {
    const keyEnd = endOfString(text, at)
    const colon = skipSpace(text, keyEnd)
    const value = readValue(text, skipSpace(text, colon + 1))
    members.push({key: JSON.parse(text.slice(at, keyEnd)) as string, start: at, value})
    at = afterItem(text, value.end)
  }
  return {kind: 'object', start, end: at + 1, members}
}

function readArray(text: string, start: number): Span {
  const items: Span[] = []
  let at = skipSpace(text, start + 1)
  while (text[at] !== ']') {
    const item = readValue(text, at)
    items.push(item)
    at = afterItem(text, item.end)
  }
  return {kind: 'array', start, end: at + 1, items}
}

/** The next item, or the closing bracket. */
function afterItem(text: string, end: number): number {
  const at = skipSpace(text, end)
  return text[at] === ',' ? skipSpace(text, at + 1) : at
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++
  return at
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function endOfWord(text: string, start: number): number {
  let at = start
  while (at < text.length && !' \t\r\n,]}'.includes(text[at]!)) at++
  return at
}
