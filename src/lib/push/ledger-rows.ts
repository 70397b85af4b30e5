import {z} from 'zod/mini'

/**
 * `.claude/agnes/push-ledger.ndjson`: what this client knows about every upload, one JSON object a
 * line, appended. The format is described in docs/privacy.md.
 */
const Sent = z.object({
  kind: z.literal('sent'),
  /** Origin. */
  server: z.string(),
  session: z.string(),
  /** Bytes of the file that were sent, from its start: whole lines, before redaction. */
  bytes: z.number(),
  /** The file's size and time then; the time is `null` when nobody looked. */
  fileBytes: z.number(),
  mtimeMs: z.nullable(z.number()),
  /** Of those bytes; `null` in rows taken over from the reference client. */
  sha256: z.nullable(z.string()),
  parts: z.number(),
  /** ISO 8601. */
  at: z.string(),
})

const Part = z.object({
  kind: z.literal('part'),
  server: z.string(),
  session: z.string(),
  part: z.number(),
  /** Of the part as sent: redacted, not compressed. */
  sha256: z.string(),
  at: z.string(),
})

const Failed = z.object({
  kind: z.literal('failed'),
  server: z.string(),
  session: z.string(),
  fileBytes: z.number(),
  mtimeMs: z.number(),
  /** HTTP status, `null` where there was none. */
  status: z.nullable(z.number()),
  code: z.string(),
  message: z.string(),
  /** Not tried again until the file changes. */
  isPermanent: z.boolean(),
  /** Failures in a row. */
  attempts: z.number(),
  /** Milliseconds since 1970; a push by a hook waits until then. */
  retryAtMs: z.number(),
  at: z.string(),
})

const Notes = z.object({
  kind: z.literal('notes'),
  server: z.string(),
  /** Of `.claude/CLAUDE.local.md` as sent. */
  sha256: z.string(),
  at: z.string(),
})

const Row = z.discriminatedUnion('kind', [Sent, Part, Failed, Notes])

export type SentRow = z.infer<typeof Sent>
export type FailedRow = z.infer<typeof Failed>
export type LedgerRow = z.infer<typeof Row>

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
  try {
    const parsed = Row.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
