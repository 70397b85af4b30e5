/**
 * `password = ...`, `"apiKey": "..."`, `--token ...`: values that are secret because of their name.
 * The pattern finds the name; the value is read by hand, forward only, so the whole stays linear.
 */
export interface KeyedValue {
  kind: string
  /** Bounds of the value in the text. */
  from: number
  to: number
}

const PASSWORD =
  'password|passwd|passphrase|pwd|heslo|(?:db|user|admin|root|smtp|mysql|pg|ftp)[_-]?pass'
const TOKEN = 'token|credentials?'
const API_KEY =
  '(?:api|access|auth|account|encryption|signing|master|storage|session|consumer)[_-]?key'
const SECRET = 'secret(?:[_-]?access)?(?:[_-]?key)?|private[_-]?key'
const SUFFIX =
  '(?:[_-]?(?:\\d{1,3}|prod|production|dev|stage|staging|test|live|value|old|new|b64|base64))?'
const NAME = `(?:(${PASSWORD})|(${SECRET})|(${TOKEN})|(${API_KEY}))${SUFFIX}`

/** Without one of these no name is in a text; first letters are left out, so that both cases fit. */
export const NAME_ANCHORS: readonly string[] = [
  'assword',
  'asswd',
  'assphrase',
  'pwd',
  'Pwd',
  'eslo',
  'pass',
  'Pass',
  'ecret',
  'oken',
  'redential',
  'key',
  'Key',
].flatMap((anchor) => [anchor, anchor.toUpperCase()])

/** A whole name, as an object's key. */
const WHOLE_NAME = new RegExp(`(?:${NAME})$`, 'i')
/** A name, what joins it to a value, and the value's quote. */
const NAME_AND_JOINT = new RegExp(
  `${NAME}(?:\\\\{0,7}["'\`\\]])?` +
    `(?:[ \\t]{0,8}(?:=>|:=|={1,3}|:[ \\t]{0,4}[A-Za-z_][\\w.]{0,30}[ \\t]{0,4}=(?![=>])|:)[ \\t]{0,8}|` +
    `[ \\t]{1,4}(?<=--[\\w-]{1,60}[ \\t]{1,4}))(\\\\{0,7})(["'\`]?)`,
  'gi',
)
const MAX_VALUE = 4096
const NO_SECRET = new Set(
  (
    'null none nil undefined true false string str text number int integer bool boolean any object ' +
    'array list dict map unknown never void required optional password passwd passphrase secret token ' +
    'value key example placeholder redacted hidden masked empty function async await return type'
  ).split(' '),
)

/** The kind of secret an object's key announces, if any. */
export function kindOfKey(key: string): string | undefined {
  return kindOf(WHOLE_NAME.exec(key), key)
}

/** Every value in `text` that its name makes a secret, in order. */
export function findKeyedValues(text: string): KeyedValue[] {
  const found: KeyedValue[] = []
  NAME_AND_JOINT.lastIndex = 0
  for (let match = NAME_AND_JOINT.exec(text); match; match = NAME_AND_JOINT.exec(text)) {
    const kind = kindOf(match, match[0])
    const from = NAME_AND_JOINT.lastIndex
    const quote = match[6] ?? ''
    const to = quote === '' ? endOfWord(text, from) : endOfQuoted(text, from, quote)
    if (kind === undefined || to === from) continue
    const next = text.charAt(to)
    const isCode = quote === '' && (next === '(' || next === '[')
    if (isCode || !isSecretValue(text.slice(from, to), {kind, isQuoted: quote !== ''})) continue
    found.push({kind, from, to})
    NAME_AND_JOINT.lastIndex = to
  }
  return found
}

/** Whether a value under a secret's name is one: not a type, a reference, a path, a call. */
export function isSecretValue(value: string, context: {kind: string; isQuoted: boolean}): boolean {
  const isPassword = context.kind === 'PASSWORD'
  if (value.length < (isPassword ? 4 : 8) || value.startsWith('[REDACTED-')) return false
  if (NO_SECRET.has(value.toLowerCase())) return false
  if (
    /^(?:\$(?:\{|\(|[A-Z_][A-Z0-9_]*$)|\{\{|\$\{\{|<[^>]*>?$|%[sdv]$|%\(|[*.•x…]+$|your[-_ ])/i.test(
      value,
    )
  )
    return false
  if (!context.isQuoted && /^(?:[A-Za-z_$][A-Za-z_$]*[.?!]+)+[A-Za-z_$]*$/.test(value)) return false
  if (isPassword) return true
  if (/^(?:~?\.{0,2}\/|[A-Za-z]:\\|https?:|file:|arn:|projects\/|vault:)/.test(value)) return false
  if (/\s/.test(value.trim())) return false
  return isRandomLooking(value)
}

/** A digit together with letters, or letters of both cases past the first: words and names have neither. */
function isRandomLooking(value: string): boolean {
  if (!/[A-Za-z]/.test(value)) return /\d{12}/.test(value)
  return /\d/.test(value) || (/[a-z][A-Z]/.test(value) && value.length >= 20)
}

function kindOf(match: RegExpExecArray | null, name: string): string | undefined {
  if (!match) return undefined
  if (match[1] !== undefined) return 'PASSWORD'
  if (match[2] !== undefined) return /access/i.test(name) ? 'AWS-SECRET-KEY' : 'SECRET'
  return match[3] === undefined ? 'API-KEY' : 'TOKEN'
}

function endOfWord(text: string, from: number): number {
  const end = /[\s"'`,;&<>(){}[\]|\\]/g
  end.lastIndex = from
  const match = end.exec(text.length - from > MAX_VALUE ? text.slice(0, from + MAX_VALUE) : text)
  return match?.index ?? Math.min(text.length, from + MAX_VALUE)
}

/** Up to the closing quote on the same line; without one, the word. */
function endOfQuoted(text: string, from: number, quote: string): number {
  const close = text.slice(from, from + MAX_VALUE).indexOf(quote)
  if (close === -1) return endOfWord(text, from)
  let to = from + close
  if (text.slice(from, to).includes('\n')) return endOfWord(text, from)
  // Quotes of nested JSON carry backslashes; those belong to the quote.
  while (to > from && text.charAt(to - 1) === '\\') to--
  return to
}
