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
  /** The error object as sent. */
  fields?: Record<string, unknown>
}

const MAX_MESSAGE = 500

export function readServerError(body: string): ServerErrorBody {
  const detail = parseDetail(body)
  if (typeof detail === 'string') return {message: detail.slice(0, MAX_MESSAGE)}
  if (Array.isArray(detail)) return {kind: 'invalid_request', message: validationMessage(detail)}
  if (typeof detail === 'object' && detail !== null)
    return readObject(detail as Record<string, unknown>)
  return {}
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
