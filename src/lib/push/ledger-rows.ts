/**
 * `.claude/agnes/push-ledger.ndjson`: what this client knows about every upload, one JSON object a
 * line, appended. The format is described in docs/privacy.md.
 */
export interface SentRow {
  kind: 'sent'
  /** Origin. */
  server: string
  session: string
  /** Bytes of the file that were sent, from its start: whole lines, before redaction. */
  bytes: number
  /** The file's size and time then; the time is `null` when nobody looked. */
  fileBytes: number
  mtimeMs: number | null
  /** Of those bytes; `null` in rows taken over from the reference client. */
  sha256: string | null
  parts: number
  /** ISO 8601. */
  at: string
}

interface PartRow {
  kind: 'part'
  server: string
  session: string
  part: number
  /** Of the part as sent: redacted, not compressed. */
  sha256: string
  at: string
}

export interface FailedRow {
  kind: 'failed'
  server: string
  session: string
  fileBytes: number
  mtimeMs: number
  /** HTTP status, `null` where there was none. */
  status: number | null
  code: string
  message: string
  /** Not tried again until the file changes. */
  isPermanent: boolean
  /** Failures in a row. */
  attempts: number
  /** Milliseconds since 1970; a push by a hook waits until then. */
  retryAtMs: number
  at: string
}

interface NotesRow {
  kind: 'notes'
  server: string
  /** Of `.claude/CLAUDE.local.md` as sent. */
  sha256: string
  at: string
}

export type LedgerRow = SentRow | PartRow | FailedRow | NotesRow

/** By hand: every session start reads thousands of rows, and a validator would cost more than the rest. */
const SHAPES: Record<string, readonly (readonly [field: string, types: readonly string[]])[]> = {
  sent: shape('server session at', 'bytes fileBytes parts', 'mtimeMs', 'sha256'),
  part: shape('server session sha256 at', 'part'),
  failed: [
    ...shape('server session code message at', 'fileBytes mtimeMs attempts retryAtMs', 'status'),
    ['isPermanent', ['boolean']],
  ],
  notes: shape('server sha256 at', ''),
}

/** Rows in file order. Lines that are no rows are counted: what they said is sent again. */
export function parseLedger(text: string): {rows: LedgerRow[]; damagedRows: number} {
  const rows: LedgerRow[] = []
  let damagedRows = 0
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const row = parseRow(line)
    if (row) rows.push(row)
    else damagedRows++
  }
  return {rows, damagedRows}
}

function parseRow(line: string): LedgerRow | undefined {
  let row: unknown
  try {
    row = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof row !== 'object' || row === null) return undefined
  const fields = row as Record<string, unknown>
  const expected = Object.hasOwn(SHAPES, String(fields.kind))
    ? SHAPES[String(fields.kind)]
    : undefined
  const fits = expected?.every(([field, types]) => types.includes(typeOf(fields[field])))
  return fits ? (row as LedgerRow) : undefined
}

function shape(
  strings: string,
  numbers: string,
  optionalNumbers = '',
  optionalStrings = '',
): (readonly [string, readonly string[]])[] {
  const of = (fields: string, types: readonly string[]) =>
    fields
      .split(' ')
      .filter((field) => field !== '')
      .map((field) => [field, types] as const)
  return [
    ...of(strings, ['string']),
    ...of(numbers, ['number']),
    ...of(optionalNumbers, ['number', 'null']),
    ...of(optionalStrings, ['string', 'null']),
  ]
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
