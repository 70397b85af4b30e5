/**
 * The server's error bodies, in one shape. It speaks three dialects (a string, an object labelled by
 * `kind`, `reason`, `error` or `code`, and an array of validation items), and proxies answer HTML.
 */
export interface ServerErrorBody {
  /** The server's stable label, where it gave one. */
  kind?: string
  message?: string
  hint?: string
  retryAfterMs?: number
  /** The error object as sent, or what a known text says. */
  fields?: Record<string, unknown>
}

const MAX_MESSAGE = 500

export function readServerError(body: string): ServerErrorBody {
  const detail = parseDetail(body)
  if (typeof detail === 'string') return readText(detail)
  if (Array.isArray(detail)) return {kind: 'invalid_request', message: validationMessage(detail)}
  if (typeof detail === 'object' && detail !== null)
    return readObject(detail as Record<string, unknown>)
  return {}
}

/** Texts that stand for a kind of their own, or lack a next step, because the server has none for it. */
const LABELLED: readonly {pattern: RegExp; kind?: string; field?: string; hint?: string}[] = [
  {
    pattern: /^Admin access required$/,
    hint:
      'This takes a member of the group Admin. See who you are here: agnes auth whoami --verify. ' +
      'An administrator makes you one: agnes admin group add-member Admin YOUR-EMAIL',
  },
  {
    pattern: /^Query error: Catalog Error: Table with name (?<found>.+?) does not exist!/s,
    kind: 'query_table_missing',
    field: 'table',
  },
  {pattern: /^Query error: /, kind: 'query_error'},
  {pattern: /^Only single SELECT queries/, kind: 'only_single_select'},
  {pattern: /^Query must start with/, kind: 'only_single_select'},
  {
    pattern:
      /^Access denied to table '(?<found>[^']+)'|^Table '(?<stacked>[^']+)' is not in your stack/,
    kind: 'table_not_granted',
    field: 'table',
  },
]

function readText(detail: string): ServerErrorBody {
  const message = detail.replace(/^Query error: /, '').slice(0, MAX_MESSAGE)
  for (const {pattern, kind, field, hint} of LABELLED) {
    const match = pattern.exec(detail)
    if (!match) continue
    const found = match.groups?.found ?? match.groups?.stacked
    return {
      message,
      ...(kind === undefined ? {} : {kind}),
      ...(hint === undefined ? {} : {hint}),
      ...(field && found ? {fields: {[field]: found}} : {}),
    }
  }
  return {message}
}

function parseDetail(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null && 'detail' in parsed
      ? parsed.detail
      : undefined
  } catch {
    return undefined
  }
}

function readObject(fields: Record<string, unknown>): ServerErrorBody {
  const nested = isRecord(fields.details) ? fields.details : {}
  const kind = firstText(fields.kind, fields.reason, fields.error, fields.code)
  const message = firstText(fields.message, kind)
  const hint = firstText(fields.hint, fields.suggestion, nested.hint)
  const seconds = fields.retry_after_seconds
  return {
    fields,
    ...(kind === undefined ? {} : {kind}),
    ...(message === undefined ? {} : {message: message.slice(0, MAX_MESSAGE)}),
    ...(hint === undefined ? {} : {hint}),
    ...(typeof seconds === 'number' ? {retryAfterMs: seconds * 1000} : {}),
  }
}

/** `body.limit: Field required; …` from FastAPI's list. */
function validationMessage(items: unknown[]): string {
  const lines = items.filter(isRecord).map((item) => {
    const where = Array.isArray(item.loc) ? item.loc.join('.') : ''
    return `${where}: ${typeof item.msg === 'string' ? item.msg : 'invalid'}`
  })
  return `The server rejected the request: ${lines.join('; ')}`.slice(0, MAX_MESSAGE)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstText(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}
