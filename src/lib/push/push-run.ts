import {IntegrityError, type AgnesError} from '../errors.js'
import {encodedPath, isBelow} from '../session/project-folders.js'
import {readPrivacy} from '../session/session-privacy.js'
import {classifyFailure, pauseMs, type FailureClass} from './classify-failure.js'
import type {PlannedSession} from './plan-push.js'
import {partBytes, prepareTranscript, type PreparedTranscript} from './prepare-transcript.js'
import type {FailedSession, PushedSession} from './push-result.js'
import type {PushPlace, Survey} from './survey.js'
import type {Uploader} from './uploader.js'

export interface PushRunDeps {
  place: PushPlace
  survey: Survey
  /** Absent in a dry run: nothing is sent and nothing written. */
  uploader: Uploader | undefined
}

/** After as many failures in a row the server, not the transcripts, is the problem. */
const MAX_FAILURES_IN_A_ROW = 3

/** One pass over the pending sessions; several may be sent at once. */
export class PushRun {
  readonly sessions: PushedSession[] = []
  readonly failed: FailedSession[] = []
  readonly skipped = {unchanged: 0, private: 0, remaining: 0, unknown: 0}
  /** Why nothing more is tried. */
  stoppedBy: AgnesError | undefined
  private failuresInARow = 0

  constructor(
    private readonly deps: PushRunDeps,
    private readonly signal?: AbortSignal,
  ) {}

  /** Never rejects: failures are kept here. */
  async push(planned: PlannedSession): Promise<void> {
    if (this.stoppedBy) {
      this.skipped.remaining++
      return
    }
    try {
      this.signal?.throwIfAborted()
      await this.pushOne(planned)
      this.failuresInARow = 0
    } catch (error) {
      await this.fail(planned, classifyFailure(error))
    }
  }

  /** Once all have been tried. Never rejects. */
  async finish(): Promise<void> {
    try {
      await this.deps.survey.ledger.updateReference()
    } catch (error) {
      this.stoppedBy ??= classifyFailure(error).error
    }
  }

  private async pushOne(planned: PlannedSession): Promise<void> {
    const {place, survey, uploader} = this.deps
    const {file} = planned
    const prepared = await prepareTranscript(place.transcripts, file, this.signal)
    if (prepared.bytes === 0) return void this.skipped.unknown++
    const sent = survey.ledger.sentOf(file.sessionId)
    if (sent?.sha256 === prepared.sha256 && sent.bytes === prepared.bytes) {
      this.skipped.unchanged++
      if (uploader) await this.recordSent(planned, prepared)
      return
    }
    this.refuseForeignLines(planned, prepared)
    const isAllowed = uploader
      ? await this.send(uploader, planned, prepared)
      : !(await this.isPrivate(planned, prepared))
    if (!isAllowed) return void this.skipped.private++
    this.sessions.push(describe(planned, prepared, uploader === undefined))
  }

  /** False when the session became private on the way. */
  private async send(
    uploader: Uploader,
    planned: PlannedSession,
    prepared: PreparedTranscript,
  ): Promise<boolean> {
    const {place, survey} = this.deps
    const {sessionId} = planned.file
    const {parts} = prepared
    for (const [index, part] of parts.entries()) {
      const number = index + 1
      if (parts.length > 1 && survey.ledger.isPartSent(sessionId, number, part.sha256)) continue
      // The list decides at the last moment: the mark may have been set a second ago.
      if (await this.isPrivate(planned, prepared)) return false
      const signal = this.signal
      const file = {
        fileName: fileNameOf(sessionId, parts.length > 1 ? number : undefined),
        sizeBytes: part.sizeBytes,
        open: () => partBytes(place.transcripts, prepared, {part, ...(signal ? {signal} : {})}),
      }
      await uploader.upload(file, signal)
      if (parts.length > 1)
        await survey.ledger.record({
          kind: 'part',
          server: place.origin,
          session: sessionId,
          part: number,
          sha256: part.sha256,
          at: this.now(),
        })
    }
    await this.recordSent(planned, prepared)
    return true
  }

  private async recordSent({file}: PlannedSession, prepared: PreparedTranscript): Promise<void> {
    const {place, survey} = this.deps
    await survey.ledger.record({
      kind: 'sent',
      server: place.origin,
      session: file.sessionId,
      bytes: prepared.bytes,
      fileBytes: file.sizeBytes,
      mtimeMs: file.mtimeMs,
      sha256: prepared.sha256,
      parts: prepared.parts.length,
      at: this.now(),
    })
  }

  private async isPrivate(planned: PlannedSession, prepared: PreparedTranscript): Promise<boolean> {
    const privacy = await readPrivacy(this.deps.place)
    return privacy.isPrivate([...planned.sessionIds, ...prepared.sessionIds])
  }

  /** Two projects can share one folder of transcripts, and a resumed session then has lines of both. */
  private refuseForeignLines({file}: PlannedSession, {cwds}: PreparedTranscript): void {
    const folder = file.path.slice(0, file.path.indexOf('/')).toLowerCase()
    const foreign = [...cwds].find(
      (cwd) =>
        !isBelow(cwd, this.deps.survey.workspacePaths) && encodedPath(cwd).toLowerCase() === folder,
    )
    if (foreign === undefined) return
    throw new IntegrityError(`Some of its lines belong to another project, ${foreign}.`, {
      code: 'foreign_lines',
      hint: 'It stays here. Both projects have the same folder of transcripts.',
    })
  }

  private async fail({file}: PlannedSession, failure: FailureClass): Promise<void> {
    const {error, status, outcome} = failure
    if (error.code === 'file_missing') return
    if (outcome === 'stop') {
      this.stoppedBy ??= error
      this.skipped.remaining++
      return
    }
    if (outcome === 'later' && ++this.failuresInARow >= MAX_FAILURES_IN_A_ROW)
      this.stoppedBy ??= error
    const {place, survey} = this.deps
    const attempts = (survey.ledger.failureOf(file.sessionId)?.attempts ?? 0) + 1
    const retryAtMs = place.clock.now() + pauseMs(attempts)
    const isPermanent = outcome === 'refused'
    this.failed.push({
      sessionId: file.sessionId,
      status,
      code: error.code,
      message: error.message,
      isPermanent,
      retryAt: isPermanent ? null : new Date(retryAtMs).toISOString(),
    })
    if (!this.deps.uploader) return
    const {sizeBytes: fileBytes, mtimeMs} = file
    const {code, message} = error
    try {
      await survey.ledger.record({
        kind: 'failed',
        server: place.origin,
        session: file.sessionId,
        ...{fileBytes, mtimeMs, status, code, message, isPermanent, attempts, retryAtMs},
        at: this.now(),
      })
    } catch (cause) {
      // Without a ledger nothing more may be sent.
      this.stoppedBy = classifyFailure(cause).error
    }
  }

  private now(): string {
    return new Date(this.deps.place.clock.now()).toISOString()
  }
}

function fileNameOf(sessionId: string, part: number | undefined): string {
  return part === undefined
    ? `${sessionId}.jsonl`
    : `${sessionId}.part-${String(part).padStart(4, '0')}.jsonl`
}

function describe(
  {file}: PlannedSession,
  {bytes, parts, redactions, findings}: PreparedTranscript,
  isDryRun: boolean,
): PushedSession {
  return {
    sessionId: file.sessionId,
    bytes,
    sentBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    parts: parts.length,
    redactions,
    findings: isDryRun ? findings.map(({line, finding}) => ({line, ...finding})) : [],
  }
}
