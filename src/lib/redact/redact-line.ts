import {isSecretValue, kindOfKey} from './keyed-values.js'
import {
  candidatesIn,
  redactText,
  redactWhole,
  unescapeNested,
  type Candidates,
  type OnFinding,
  type RedactionState,
} from './redact-text.js'

/** What a transcript's line tells about itself; `undefined` where it does not. */
export interface RedactedLine {
  /** One line of valid JSON (or empty), without its newline. */
  text: string
  /** The line's top-level object, as it was before; `undefined` when the line is not JSON. */
  record: Record<string, unknown> | undefined
}

const AFTER_KEY = /[ \t\r\n]*:/y
const NUMBER_VALUE = /[ \t]*:[ \t]*(-?\d{4,}[\d.eE+-]*)/y
const MAX_KNOWN_KEYS = 5000
const knownKeys = new Map<string, string | undefined>()

/**
 * One line of a `.jsonl` file without its secrets. Strings are looked at as they mean, not as they are
 * escaped, and only those that hold a secret are written anew: every other byte stays. A line that is
 * not JSON is wrapped, so that nothing hides in broken quotes.
 */
export function redactLine(line: string, onFinding: OnFinding): RedactedLine {
  if (line.trim() === '') return {text: '', record: undefined}
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    const text = redactText(unescapeLoosely(line), onFinding)
    return {text: JSON.stringify({type: 'agnes-malformed-line', text}), record: undefined}
  }
  return {text: redactTokens(line, onFinding), record: isRecord(parsed) ? parsed : {}}
}

/** The place in the document that the next string stands in. */
interface Place {
  /** The key whose value comes next. */
  key: string | undefined
  /** The value of the last `name` or `key` member: {"name": "DB_PASSWORD", "value": "..."}. */
  name: string | undefined
}

interface Pass {
  onFinding: OnFinding
  /** A private key may go on from one string to the next. */
  state: RedactionState
  /** Of the whole line. */
  candidates: Candidates
}

function redactTokens(line: string, onFinding: OnFinding): string {
  const pass: Pass = {
    onFinding,
    state: {isInsidePrivateKey: false},
    candidates: candidatesIn(line),
  }
  const place: Place = {key: undefined, name: undefined}
  let result = ''
  let copied = 0
  let afterLast = 0
  for (let start = line.indexOf('"'); start !== -1; start = line.indexOf('"', afterLast)) {
    leavePlace(line, {from: afterLast, to: start}, place)
    const end = endOfString(line, start)
    const raw = line.slice(start + 1, end)
    const text = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
    afterLast = end + 1
    AFTER_KEY.lastIndex = afterLast
    const isKey = AFTER_KEY.test(line)
    const own = raw.includes('\\u') || raw.includes('\\/') ? candidatesIn(text) : pass.candidates
    const redacted = isKey
      ? redactText(text, onFinding, {candidates: own})
      : redactValue(text, place, {...pass, candidates: own})
    if (redacted !== text) {
      result += line.slice(copied, start) + JSON.stringify(redacted)
      copied = afterLast
    }
    if (isKey) {
      place.key = text
      const number = numberUnderPassword(line, afterLast, text)
      if (number) {
        result +=
          line.slice(copied, number.from) +
          JSON.stringify(redactWhole(number.text, 'PASSWORD', onFinding))
        copied = afterLast = number.to
      }
    } else if (place.key === 'name' || place.key === 'key' || place.key === 'Name')
      place.name = text
  }
  return copied === 0 ? line : result + line.slice(copied)
}

/** Brackets between two strings end what the key and the name before them say. */
function leavePlace(line: string, gap: {from: number; to: number}, place: Place): void {
  for (let at = gap.from; at < gap.to; at++) {
    const character = line.charAt(at)
    if (character === '{' || character === '}') place.key = place.name = undefined
    else if (character === ']') place.key = undefined
  }
}

function redactValue(text: string, place: Place, {onFinding, ...options}: Pass): string {
  const isNamed = place.name !== undefined && /^value$/i.test(place.key ?? '')
  const kind = knownKind(isNamed ? (place.name ?? '') : (place.key ?? ''))
  if (
    kind !== undefined &&
    isSecretValue(text, {kind, isQuoted: true}) &&
    !text.includes('PRIVATE KEY')
  )
    return redactWhole(text, kind, onFinding)
  return redactText(text, onFinding, options)
}

function numberUnderPassword(
  line: string,
  from: number,
  key: string,
): {text: string; from: number; to: number} | undefined {
  if (knownKind(key) !== 'PASSWORD') return undefined
  NUMBER_VALUE.lastIndex = from
  const text = NUMBER_VALUE.exec(line)?.[1]
  if (text === undefined) return undefined
  const to = NUMBER_VALUE.lastIndex
  return {text, from: to - text.length, to}
}

/** The same few hundred keys come again on every line. */
function knownKind(key: string): string | undefined {
  if (key.length > 80) return kindOfKey(key.slice(-80))
  if (knownKeys.has(key)) return knownKeys.get(key)
  if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear()
  const kind = kindOfKey(key)
  knownKeys.set(key, kind)
  return kind
}

/** Index of the quote that closes the string opened at `start`; the line is known to be JSON. */
function endOfString(line: string, start: number): number {
  for (let end = line.indexOf('"', start + 1); ; end = line.indexOf('"', end + 1)) {
    let slashes = 0
    while (line.charCodeAt(end - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) return end
  }
}

/** Of a line that is not JSON, so escapes are only likely. */
function unescapeLoosely(line: string): string {
  return unescapeNested(line).replace(
    /\\([nrt"\\])/g,
    (_, letter: string) => ({n: '\n', r: '\r', t: '\t'})[letter] ?? letter,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
