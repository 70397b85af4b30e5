import {jsonSpans, type Span} from './json-spans.js'

/**
 * Single edits of a JSON text that leave every other byte as it is and look like what stands beside
 * them. Each takes fresh spans: positions do not survive an edit.
 */
export function spansOf(text: string): Span {
  // A byte order mark is not white space for JSON; a space keeps the positions.
  return jsonSpans(text.replace(/^\uFEFF/, ' '))
}

export function memberOf(span: Span | undefined, key: string): Span | undefined {
  return span?.kind === 'object'
    ? span.members.find((member) => member.key === key)?.value
    : undefined
}

export function countOf(span: Span, key: string): number {
  return span.kind === 'object' ? span.members.filter((member) => member.key === key).length : 0
}

export function valueAt(text: string, {start, end}: Span): unknown {
  return JSON.parse(text.slice(start, end))
}

/** Adds a member or an item at the end, formatted like its neighbours. */
export function insertInto(
  text: string,
  span: Span,
  added: {key?: string; value: unknown},
): string {
  const parts = partsOf(span)
  const first = parts[0]
  const isMultiLine = /\n/.test(text) && (!first || /\n/.test(text.slice(span.start, first.start)))
  const label =
    added.key === undefined ? '' : `${JSON.stringify(added.key)}:${/":\S/.test(text) ? '' : ' '}`
  const inner =
    first && isMultiLine ? indentAt(text, first.start) : indentAt(text, span.start) + unitOf(text)
  const eol = eolOf(text)
  const body = isMultiLine ? stringifyAt(added.value, inner, text) : JSON.stringify(added.value)
  const lastEnd = parts.at(-1)?.end
  if (lastEnd !== undefined) {
    const gap = isMultiLine ? eol + inner : /,\s/.test(text) ? ' ' : ''
    return `${text.slice(0, lastEnd)},${gap}${label}${body}${text.slice(lastEnd)}`
  }
  const [open, close] = bracketsOf(span)
  const content = isMultiLine
    ? `${eol}${inner}${label}${body}${eol}${indentAt(text, span.start)}`
    : `${label}${body}`
  return text.slice(0, span.start) + open + content + close + text.slice(span.end)
}

/** Takes out the item or member at `index`; a container that is left empty closes up. */
export function removeAt(text: string, span: Span, index: number): string {
  const parts = partsOf(span)
  const part = parts[index]!
  if (parts.length === 1)
    return text.slice(0, span.start) + bracketsOf(span).join('') + text.slice(span.end)
  const next = parts[index + 1]
  if (next) return text.slice(0, part.start) + text.slice(next.start)
  return text.slice(0, parts[index - 1]!.end) + text.slice(part.end)
}

export function replaceAt(text: string, {start, end}: Span, value: unknown): string {
  const body = /\n/.test(text)
    ? stringifyAt(value, indentAt(text, start), text)
    : JSON.stringify(value)
  return text.slice(0, start) + body + text.slice(end)
}

/** Members reach from their key to the end of their value. */
function partsOf(span: Span): {start: number; end: number}[] {
  if (span.kind === 'object') return span.members.map(({start, value}) => ({start, end: value.end}))
  return span.kind === 'array' ? span.items : []
}

function bracketsOf(span: Span): [string, string] {
  return span.kind === 'array' ? ['[', ']'] : ['{', '}']
}

function stringifyAt(value: unknown, indent: string, text: string): string {
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', eolOf(text) + indent)
}

/** White space at the start of the line that holds `at`. */
function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return /^[ \t]*/.exec(line)![0]
}

/** One level of this text's indentation; two spaces where it shows none. */
function unitOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}
