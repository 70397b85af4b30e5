import {jsonSpans, type Span} from './json-spans.js'
import {isOwnEntry} from './own-entry.js'

/** One file of `hooks/`: the entry that belongs into the list of an event. */
export interface HookDefinition {
  event: string
  entry: unknown
}

export type MergedHooks =
  | {kind: 'merged'; text: string}
  /** Not JSON, or not the shape Claude Code reads; `reason` is a phrase for people. */
  | {kind: 'unreadable'; reason: string}

/**
 * The settings text with every definition in place. Touches only entries that are ours; all other bytes
 * stay. The same text comes back when nothing is to do.
 */
export function mergeHooks(
  text: string | undefined,
  definitions: readonly HookDefinition[],
): MergedHooks {
  let merged = text === undefined || text.trim() === '' ? '{}\n' : text
  const reason = whyUnreadable(merged, definitions)
  if (reason !== null) return {kind: 'unreadable', reason}
  for (const definition of definitions) {
    // One edit at a time, each on fresh positions.
    for (
      let next = editOnce(merged, definition);
      next !== merged;
      next = editOnce(merged, definition)
    )
      merged = next
  }
  return {kind: 'merged', text: merged}
}

function whyUnreadable(text: string, definitions: readonly HookDefinition[]): string | null {
  let settings: unknown
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return 'it is not valid JSON'
  }
  if (!isRecord(settings)) return 'it does not hold a JSON object'
  const root = spansOf(text)
  if (countOf(root, 'hooks') > 1) return 'it names "hooks" twice'
  const hooks = memberOf(root, 'hooks')
  if (hooks && hooks.kind !== 'object') return '"hooks" is not an object'
  for (const {event} of definitions) {
    if (hooks && countOf(hooks, event) > 1) return `it names "hooks.${event}" twice`
    const list = hooks && memberOf(hooks, event)
    if (list && list.kind !== 'array') return `"hooks.${event}" is not a list`
  }
  return null
}

/** The next single edit towards the definition; the text itself when it holds already. */
function editOnce(text: string, {event, entry}: HookDefinition): string {
  const root = spansOf(text)
  const hooks = memberOf(root, 'hooks')
  if (!hooks) return insertInto(text, root, {key: 'hooks', value: {[event]: [entry]}})
  const list = memberOf(hooks, event)
  if (list?.kind !== 'array') return insertInto(text, hooks, {key: event, value: [entry]})
  const values = list.items.map((item) => JSON.parse(text.slice(item.start, item.end)) as unknown)
  const own = values.flatMap((value, index) => (isOwnEntry(value) ? [index] : []))
  const kept = own.find((index) => covers(values[index], entry)) ?? own[0]
  if (kept === undefined) return insertInto(text, list, {value: entry})
  const extra = own.findLast((index) => index !== kept)
  if (extra !== undefined) return removeItem(text, list.items, extra)
  const item = list.items[kept]!
  if (covers(values[kept], entry)) return text
  return text.slice(0, item.start) + render(text, entry, item.start) + text.slice(item.end)
}

/** Adds a member or an item at the end, formatted like its neighbours. */
function insertInto(text: string, span: Span, added: {key?: string; value: unknown}): string {
  const starts = startsOf(span)
  const isMultiLine =
    /\n/.test(text) && (starts.length === 0 || /\n/.test(text.slice(span.start, starts[0])))
  const label =
    added.key === undefined ? '' : `${JSON.stringify(added.key)}:${/":\S/.test(text) ? '' : ' '}`
  const inner =
    starts.length > 0 && isMultiLine
      ? indentAt(text, starts[0]!)
      : indentAt(text, span.start) + unitOf(text)
  const eol = eolOf(text)
  const body = isMultiLine ? stringifyAt(added.value, inner, text) : JSON.stringify(added.value)
  const lastEnd = endsOf(span).at(-1)
  if (lastEnd !== undefined) {
    const gap = isMultiLine ? eol + inner : /,\s/.test(text) ? ' ' : ''
    return `${text.slice(0, lastEnd)},${gap}${label}${body}${text.slice(lastEnd)}`
  }
  const [open, close] = span.kind === 'array' ? ['[', ']'] : ['{', '}']
  const content = isMultiLine
    ? `${eol}${inner}${label}${body}${eol}${indentAt(text, span.start)}`
    : `${label}${body}`
  return text.slice(0, span.start) + open + content + close + text.slice(span.end)
}

function removeItem(text: string, items: readonly Span[], index: number): string {
  const item = items[index]!
  const next = items[index + 1]
  if (next) return text.slice(0, item.start) + text.slice(next.start)
  const start = items[index - 1]?.end ?? item.start
  return text.slice(0, start) + text.slice(item.end)
}

function render(text: string, value: unknown, at: number): string {
  return /\n/.test(text) ? stringifyAt(value, indentAt(text, at), text) : JSON.stringify(value)
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

function spansOf(text: string): Span {
  // A byte order mark is not white space for JSON; a space keeps the positions.
  return jsonSpans(text.replace(/^\uFEFF/, ' '))
}

function memberOf(span: Span, key: string): Span | undefined {
  return span.kind === 'object'
    ? span.members.find((member) => member.key === key)?.value
    : undefined
}

function countOf(span: Span, key: string): number {
  return span.kind === 'object' ? span.members.filter((member) => member.key === key).length : 0
}

function startsOf(span: Span): number[] {
  if (span.kind === 'object') return span.members.map(({start}) => start)
  return span.kind === 'array' ? span.items.map(({start}) => start) : []
}

function endsOf(span: Span): number[] {
  if (span.kind === 'object') return span.members.map(({value}) => value.end)
  return span.kind === 'array' ? span.items.map(({end}) => end) : []
}

/** Equal but for keys the analyst added, such as a `timeout`. */
function covers(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => covers(actual[index], item))
    )
  if (!isRecord(wanted)) return actual === wanted
  return isRecord(actual) && Object.keys(wanted).every((key) => covers(actual[key], wanted[key]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
