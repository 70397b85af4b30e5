import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {parseLedger, type FailedRow, type LedgerRow, type SentRow} from './ledger-rows.js'
import {parseReferenceLedger, referenceRow} from './reference-ledger.js'

/** Rows beyond twice the useful ones before the file is written anew. */
const MAX_WASTE = 2000

/**
 * What has been sent to one server from one workspace. Rows are appended one write each, right after
 * the server's answer; of two rows about the same thing the later one holds.
 */
export class PushLedger {
  private readonly sent = new Map<string, SentRow>()
  private readonly failed = new Map<string, FailedRow>()
  private readonly parts = new Map<string, Map<number, string>>()
  private notesHash: string | undefined
  private readonly needsNewline: {own: boolean; reference: boolean}
  private readonly reference: Map<string, number>
  private readonly queue: LedgerRow[] = []
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly workspace: Files,
    readonly server: string,
    texts: {own: string; reference: string},
  ) {
    this.needsNewline = {own: isTorn(texts.own), reference: isTorn(texts.reference)}
    this.reference = parseReferenceLedger(texts.reference)
  }

  /** @returns the ledger and how many of its rows could not be read. */
  static async load(
    workspace: Files,
    server: string,
  ): Promise<{
    ledger: PushLedger
    rows: LedgerRow[]
    reference: Map<string, number>
    damagedRows: number
  }> {
    const own = (await workspace.readText(workspacePaths.pushLedger)) ?? ''
    const reference = (await workspace.readText(workspacePaths.uploadedSessions)) ?? ''
    const {rows, damagedRows} = parseLedger(own)
    const ledger = new PushLedger(workspace, server, {own, reference})
    for (const row of rows) ledger.apply(row)
    return {ledger, rows, reference: ledger.reference, damagedRows}
  }

  sentOf(sessionId: string): SentRow | undefined {
    return this.sent.get(sessionId)
  }

  failureOf(sessionId: string): FailedRow | undefined {
    return this.failed.get(sessionId)
  }

  isPartSent(sessionId: string, part: number, sha256: string): boolean {
    return this.parts.get(sessionId)?.get(part) === sha256
  }

  get lastNotesHash(): string | undefined {
    return this.notesHash
  }

  /** Believes rows without writing them: for those who only look. */
  assume(rows: readonly LedgerRow[]): void {
    for (const row of rows) this.apply(row)
  }

  /** On disk when it resolves. Rows that arrive while others are being written share the next write. */
  async record(...rows: LedgerRow[]): Promise<void> {
    if (rows.length === 0) return
    this.queue.push(...rows)
    const turn = this.writing.then(() => this.writeQueue())
    // A failed write is told to those whose rows were in it; the next turn starts afresh.
    this.writing = Promise.allSettled([turn]).then(() => undefined)
    await turn
  }

  /**
   * Tells the reference client, which shares this workspace, what has been sent since: one write. Done
   * late and made up for by the next push, because this ledger is the one that counts.
   */
  async updateReference(): Promise<void> {
    const missing = [...this.sent.values()].filter(
      ({session, bytes}) => (this.reference.get(session) ?? -1) < bytes,
    )
    if (missing.length === 0) return
    const rows = missing.map(({session, bytes, at}) => referenceRow(session, bytes, at)).join('')
    await this.workspace.append(
      workspacePaths.uploadedSessions,
      this.needsNewline.reference ? `\n${rows}` : rows,
    )
    this.needsNewline.reference = false
    for (const {session, bytes} of missing) this.reference.set(session, bytes)
  }

  private async writeQueue(): Promise<void> {
    const rows = this.queue.splice(0)
    if (rows.length === 0) return
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    try {
      await this.workspace.append(
        workspacePaths.pushLedger,
        this.needsNewline.own ? `\n${text}` : text,
      )
    } catch (error) {
      // Rows of others may be among them: their turn tries again.
      this.queue.unshift(...rows)
      throw error
    }
    this.needsNewline.own = false
    for (const row of rows) this.apply(row)
  }

  private apply(row: LedgerRow): void {
    if (row.server !== this.server) return
    if (row.kind === 'notes') this.notesHash = row.sha256
    else if (row.kind === 'failed') this.failed.set(row.session, row)
    else if (row.kind === 'part') {
      const parts = this.parts.get(row.session) ?? new Map<number, string>()
      this.parts.set(row.session, parts.set(row.part, row.sha256))
    } else {
      this.sent.set(row.session, row)
      this.failed.delete(row.session)
    }
  }
}

/** The rows that still say something, when enough others have gathered; else `undefined`. */
export function compactedLedger(rows: readonly LedgerRow[]): LedgerRow[] | undefined {
  const live = new Map<string, LedgerRow>()
  for (const row of rows) {
    const about =
      row.kind === 'notes' ? 'notes' : `${row.session} ${row.kind === 'part' ? row.part : ''}`
    const kind = row.kind === 'failed' ? 'sent' : row.kind
    const key = `${row.server} ${kind} ${about}`
    // A failure does not undo what was sent before: keep both.
    if (row.kind === 'failed' && live.get(key)?.kind === 'sent') live.set(`${key} failed`, row)
    else {
      live.delete(`${key} failed`)
      live.set(key, row)
    }
  }
  return rows.length > 2 * live.size + MAX_WASTE ? [...live.values()] : undefined
}

/** A last row that was cut off by a crash must not swallow the next one. */
function isTorn(text: string): boolean {
  return text !== '' && !text.endsWith('\n')
}
