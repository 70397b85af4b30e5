import {countOf, insertInto, memberOf, removeAt, replaceAt, spansOf, valueAt} from './json-edit.js'
import type {Span} from './json-spans.js'
import {isOwnEntry, isOwnStatusLine} from './own-entry.js'

/** One file of `hooks/`: the entry that belongs into the list of an event. */
export interface HookDefinition {
  event: string
  entry: unknown
}

/** What we put into a workspace's settings. */
export interface OwnSettings {
  hooks: readonly HookDefinition[]
  /** The `statusLine` member; `undefined` leaves it alone. */
  statusLine?: unknown
}

export type MergedHooks =
  | {kind: 'merged'; text: string}
  /** Not JSON, or not the shape Claude Code reads; `reason` is a phrase for people. */
  | {kind: 'unreadable'; reason: string}

/**
 * The settings text with every definition in place. Touches only entries that are ours; all other bytes
 * stay. The same text comes back when nothing is to do. A status line of somebody else stays.
 */
export function mergeHooks(
  text: string | undefined,
  wanted: readonly HookDefinition[] | OwnSettings,
): MergedHooks {
  const own = 'hooks' in wanted ? wanted : {hooks: wanted}
  let merged = text === undefined || text.trim() === '' ? '{}\n' : text
  const reason = whyUnreadable(merged, own.hooks)
  if (reason !== null) return {kind: 'unreadable', reason}
  for (const definition of own.hooks) merged = repeated(merged, (now) => addOnce(now, definition))
  if (own.statusLine !== undefined) merged = withStatusLine(merged, own.statusLine)
  return {kind: 'merged', text: merged}
}

/** The settings text without anything of ours, in whatever layout it is. */
export function removeHooks(text: string): MergedHooks {
  const reason = whyUnreadable(text, [])
  if (reason !== null) return {kind: 'unreadable', reason}
  const merged = repeated(text, removeOnce)
  const root = spansOf(merged)
  const at = indexOf(root, 'statusLine')
  const line = memberOf(root, 'statusLine')
  const isOurs = line !== undefined && isOwnStatusLine(valueAt(merged, line))
  return {kind: 'merged', text: isOurs ? removeAt(merged, root, at) : merged}
}

/** Equal but for keys the analyst added, such as a `timeout`. */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => covers(actual[index], item))
    )
  if (!isRecord(wanted)) return actual === wanted
  return isRecord(actual) && Object.keys(wanted).every((key) => covers(actual[key], wanted[key]))
}

/** One edit at a time, each on fresh positions. */
function repeated(text: string, edit: (text: string) => string): string {
  for (let now = text; ;) {
    const next = edit(now)
    if (next === now) return now
    now = next
  }
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
function addOnce(text: string, {event, entry}: HookDefinition): string {
  const root = spansOf(text)
  const hooks = memberOf(root, 'hooks')
  if (!hooks) return insertInto(text, root, {key: 'hooks', value: {[event]: [entry]}})
  const list = memberOf(hooks, event)
  if (list?.kind !== 'array') return insertInto(text, hooks, {key: event, value: [entry]})
  const values = list.items.map((item) => valueAt(text, item))
  const own = values.flatMap((value, index) => (isOwnEntry(value) ? [index] : []))
  const kept = own.find((index) => covers(values[index], entry)) ?? own[0]
  if (kept === undefined) return insertInto(text, list, {value: entry})
  const extra = own.findLast((index) => index !== kept)
  if (extra !== undefined) return removeAt(text, list, extra)
  return covers(values[kept], entry) ? text : replaceAt(text, list.items[kept]!, entry)
}

/** The next entry of ours out, with the list and the object that only it filled. */
function removeOnce(text: string): string {
  const root = spansOf(text)
  const hooks = memberOf(root, 'hooks')
  if (hooks?.kind !== 'object') return text
  for (const [at, {value: list}] of hooks.members.entries()) {
    if (list.kind !== 'array') continue
    const index = list.items.findIndex((item) => isOwnEntry(valueAt(text, item)))
    if (index === -1) continue
    if (list.items.length > 1) return removeAt(text, list, index)
    return hooks.members.length > 1
      ? removeAt(text, hooks, at)
      : removeAt(text, root, indexOf(root, 'hooks'))
  }
  return text
}

function withStatusLine(text: string, wanted: unknown): string {
  const root = spansOf(text)
  const line = memberOf(root, 'statusLine')
  if (!line) return insertInto(text, root, {key: 'statusLine', value: wanted})
  const value = valueAt(text, line)
  const isOurs = value === null || value === '' || isOwnStatusLine(value)
  return !isOurs || covers(value, wanted) ? text : replaceAt(text, line, wanted)
}

function indexOf(span: Span, key: string): number {
  return span.kind === 'object' ? span.members.findIndex((member) => member.key === key) : -1
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
