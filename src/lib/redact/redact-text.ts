import {AnchorScan} from './anchor-scan.js'
import {contextRules} from './context-rules.js'
import {findKeyedValues, NAME_ANCHORS} from './keyed-values.js'
import {cutPrivateKeys} from './private-keys.js'
import {secretRules, type SecretRule} from './secret-rules.js'

/**
 * Secrets out of text, before it leaves the machine. Vocabulary: a *kind* names what a secret opens
 * (`GITHUB-TOKEN`); a *finding* is one secret that was taken out, described without giving it away.
 * This room is pure: it knows no files and no servers.
 */
export interface Finding {
  kind: string
  /** The issuer's public prefix at most, and the length: `ghp_… (40 characters)`. */
  preview: string
}

export type OnFinding = (finding: Finding) => void

/** Carried from one piece of a split text to the next. */
export interface RedactionState {
  isInsidePrivateKey: boolean
}

const SHORTEST_SECRET = 8
const MAX_PREVIEW_PREFIX = 6
const NESTED_ESCAPE = /\\u[0-9a-fA-F]{4}|\\\//
const ALL_RULES = [...secretRules, ...contextRules]
const JWT_ANCHOR = 'eyJ'
const ANCHORS = [
  ...new Set([JWT_ANCHOR, ...NAME_ANCHORS, ...ALL_RULES.flatMap(({anchors}) => anchors)]),
]
const ANCHOR_IDS = ALL_RULES.map(({anchors}) => anchors.map((anchor) => ANCHORS.indexOf(anchor)))
const ANCHOR_SCAN = new AnchorScan(ANCHORS)
const JWT_START = /eyJ[\w-]{10,}/g
const JWT_SEGMENT = /\.[\w-]{5,}/y
/** Long and without any separator: an image or another blob, not text. */
const BLOB_LENGTH = 2048

/** Names all rules can give, for documentation and tests. */
export const redactionKinds: readonly string[] = [
  ...new Set([
    'JWT',
    'PRIVATE-KEY',
    ...ALL_RULES.map(({kind}) => kind),
    'PASSWORD',
    'SECRET',
    'TOKEN',
    'API-KEY',
  ]),
]

export function markerOf(kind: string): string {
  return `[REDACTED-${kind}]`
}

/** What a text can hold, found out once for all its parts. */
export interface Candidates {
  rules: readonly SecretRule[]
  hasJwt: boolean
  /** A name that makes its value a secret. */
  hasName: boolean
}

/**
 * The rules whose literals occur in `text`. They hold for every part of it that stands there as it is;
 * a part with `\u` or `\/` escapes needs its own once it is decoded.
 */
export function candidatesIn(text: string): Candidates {
  const found = ANCHOR_SCAN.run(text)
  const rules = ALL_RULES.filter((_, index) => {
    const ids = ANCHOR_IDS[index] ?? []
    return ids.length === 0 || ids.some((id) => found[id] === 1)
  })
  const hasName = NAME_ANCHORS.some((_, index) => found[1 + index] === 1)
  return {rules, hasJwt: found[0] === 1, hasName}
}

/**
 * `text` with every secret replaced by `[REDACTED-<KIND>]`; the very same string when there is none.
 * Redacting twice changes nothing more.
 */
export function redactText(
  text: string,
  onFinding: OnFinding,
  options: {state?: RedactionState; candidates?: Candidates} = {},
): string {
  const {state} = options
  if (text.length < SHORTEST_SECRET && !state?.isInsidePrivateKey) return text
  const before = state && {...state}
  const findings: Finding[] = []
  let result = redactPlain(text, (finding) => findings.push(finding), {
    candidates: options.candidates ?? candidatesIn(text),
    state,
  })
  if (NESTED_ESCAPE.test(text)) {
    // Text of another encoder inside this one: "AccountKey\u003d...". Its plain form replaces it only
    // where that shows more secrets.
    const plain = unescapeNested(text)
    const more: Finding[] = []
    const unescaped = redactPlain(plain, (finding) => more.push(finding), {
      candidates: candidatesIn(plain),
      state: before,
    })
    if (more.length > findings.length) {
      findings.splice(0, Infinity, ...more)
      result = unescaped
    }
  }
  findings.forEach(onFinding)
  return result
}

/** What a value that is secret as a whole is replaced with. */
export function redactWhole(value: string, kind: string, onFinding: OnFinding): string {
  onFinding({kind, preview: previewOf(value, kind)})
  return markerOf(kind)
}

function redactPlain(
  text: string,
  onFinding: OnFinding,
  {candidates, state}: {candidates: Candidates; state: RedactionState | undefined},
): string {
  const keys = cutPrivateKeys(text, state?.isInsidePrivateKey ?? false, markerOf('PRIVATE-KEY'))
  if (state) state.isInsidePrivateKey = keys.isOpen
  for (const length of keys.removed)
    onFinding({kind: 'PRIVATE-KEY', preview: `… (${length} characters)`})
  let result = keys.text
  const isBlob = result.length > BLOB_LENGTH && /^[A-Za-z0-9+/]*={0,2}$/.test(result)
  if (candidates.hasJwt && !isBlob) result = redactJwts(result, onFinding)
  for (const rule of candidates.rules)
    if (!isBlob || rule.isBase64) result = applyRule(result, rule, onFinding)
  return isBlob || !candidates.hasName ? result : redactKeyed(result, onFinding)
}

function applyRule(
  text: string,
  {pattern, kind, accept}: SecretRule,
  onFinding: OnFinding,
): string {
  return text.replace(pattern, (match: string, first: unknown) => {
    const keep = typeof first === 'string' ? first : ''
    const secret = match.slice(keep.length)
    if (secret.startsWith('[REDACTED-') || accept?.(secret) === false) return match
    onFinding({kind, preview: previewOf(secret, kind)})
    return keep + markerOf(kind)
  })
}

/** Read segment by segment, so that runs without dots are passed over once. */
function redactJwts(text: string, onFinding: OnFinding): string {
  let result = ''
  let copied = 0
  JWT_START.lastIndex = 0
  for (let match = JWT_START.exec(text); match; match = JWT_START.exec(text)) {
    let end = JWT_START.lastIndex
    let segments = 1
    for (JWT_SEGMENT.lastIndex = end; segments < 5 && JWT_SEGMENT.test(text); segments++)
      end = JWT_SEGMENT.lastIndex
    if (segments < 3) continue
    onFinding({kind: 'JWT', preview: previewOf(text.slice(match.index, end), 'JWT')})
    result += text.slice(copied, match.index) + markerOf('JWT')
    copied = end
    JWT_START.lastIndex = end
  }
  return copied === 0 ? text : result + text.slice(copied)
}

function redactKeyed(text: string, onFinding: OnFinding): string {
  let result = ''
  let copied = 0
  for (const {kind, from, to} of findKeyedValues(text)) {
    onFinding({kind, preview: previewOf(text.slice(from, to), kind)})
    result += text.slice(copied, from) + markerOf(kind)
    copied = to
  }
  return copied === 0 ? text : result + text.slice(copied)
}

/** Escapes of any depth as the characters they stand for: `\u003d`, `\\\\u003d`, `\/`. */
export function unescapeNested(text: string): string {
  return text
    .replace(/\\{1,8}u([0-9a-fA-F]{4})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replace(/\\{1,8}\//g, '/')
}

/** Only a prefix that the issuer gives to every such token is shown. */
function previewOf(secret: string, kind: string): string {
  const prefix = PREFIXED.has(kind) ? (/^[A-Za-z]{2,}[-_.]?/.exec(secret)?.[0] ?? '') : ''
  const shown = kind === 'AWS-ACCESS-KEY' ? secret.slice(0, 4) : prefix.slice(0, MAX_PREVIEW_PREFIX)
  const isTelling = shown.length * 4 <= secret.length
  return `${isTelling ? shown : ''}… (${secret.length} characters)`
}

const PREFIXED = new Set(
  'GITHUB-TOKEN GITLAB-TOKEN SLACK-TOKEN STRIPE-KEY NPM-TOKEN PYPI-TOKEN ANTHROPIC-KEY OPENAI-KEY HUGGINGFACE-TOKEN'.split(
    ' ',
  ),
)
