/**
 * Private keys in PEM armour, whole or cut off. Each header owns the text up to the next header, so
 * every character is looked at a fixed number of times, whatever the text.
 */
const HEADER = /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g
const FOOTER = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g
/** No private key is longer than this in armour, with line numbers and escapes. */
const MAX_BODY = 30_000
const KEY_RUN = /[A-Za-z0-9+/]{16}/
const SHORT_LINE = /^[\s\d|→+-]{0,12}[A-Za-z0-9+/]{1,15}={0,2}\s{0,4}$/

export interface PrivateKeySearch {
  text: string
  /** Sizes of what was taken out. */
  removed: number[]
  /** The text ended inside a key: the next piece of a split text goes on with it. */
  isOpen: boolean
}

/** @param isOpen the text before this one ended inside a key. */
export function cutPrivateKeys(text: string, isOpen: boolean, marker: string): PrivateKeySearch {
  if (!isOpen && !text.includes('PRIVATE KEY')) return {text, removed: [], isOpen: false}
  const starts = [...text.matchAll(HEADER)].map((match) => ({
    index: match.index,
    bodyAt: match.index + match[0].length,
  }))
  if (isOpen) starts.unshift({index: 0, bodyAt: 0})
  const ends = [...text.matchAll(FOOTER)].map((match) => ({
    index: match.index,
    after: match.index + match[0].length,
  }))
  const removed: number[] = []
  let result = ''
  let copied = 0
  let stillOpen = false
  let nextEnd = 0
  starts.forEach(({index, bodyAt}, position) => {
    const limit = Math.min(starts[position + 1]?.index ?? text.length, bodyAt + MAX_BODY)
    while ((ends[nextEnd]?.index ?? Infinity) < bodyAt) nextEnd++
    const end = ends[nextEnd]
    const isContinued = isOpen && position === 0
    const body =
      end && end.index < limit ? closedBody(text, bodyAt, end) : openBody(text, bodyAt, limit)
    if (!body.isClosed && body.at === text.length) stillOpen = true
    if (!body.hasKey && !(isContinued && body.isClosed)) return
    result += text.slice(copied, index) + marker
    removed.push(body.at - index)
    copied = body.at
  })
  return {
    text: removed.length === 0 ? text : result + text.slice(copied),
    removed,
    isOpen: stillOpen,
  }
}

interface Body {
  /** Where the text after the key begins. */
  at: number
  hasKey: boolean
  isClosed: boolean
}

function closedBody(text: string, from: number, end: {index: number; after: number}): Body {
  return {at: end.after, hasKey: KEY_RUN.test(text.slice(from, end.index)), isClosed: true}
}

/** No footer: the key goes as far as its lines look like one. */
function openBody(text: string, from: number, limit: number): Body {
  let at = from
  let hasKey = false
  while (at < limit) {
    const newline = text.indexOf('\n', at)
    const next = newline === -1 || newline >= limit ? limit : newline + 1
    const line = text.slice(at, next)
    // The rest of the header's own line, blank lines and "Proc-Type: ..." may stand before the key.
    const isPreamble = !hasKey && (line.trim() === '' || /^[A-Za-z-]{1,30}: /.test(line))
    if (KEY_RUN.test(line)) hasKey = true
    else if (!isPreamble) {
      if (hasKey && SHORT_LINE.test(line)) at = next
      break
    }
    at = next
  }
  return {at, hasKey, isClosed: false}
}
