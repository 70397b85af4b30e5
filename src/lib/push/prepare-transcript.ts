import {createHash} from 'node:crypto'
import {IntegrityError, TooLargeError} from '../errors.js'
import type {Files} from '../ports/files.js'
import {redactLine} from '../redact/redact-line.js'
import type {Finding} from '../redact/redact-text.js'
import {LineTooLong, readLines} from '../session/read-lines.js'
import {MAX_UPLOAD_BYTES} from '../wire/upload.js'

/** A transcript as it will be sent: redacted, in parts that each fit the server's limit. */
export interface PreparedTranscript {
  path: string
  /** Bytes of the file covered, from its start: whole lines only. */
  bytes: number
  /** Of those bytes, as they are on disk. */
  sha256: string
  parts: PreparedPart[]
  /** Every folder and session the lines name. */
  cwds: ReadonlySet<string>
  sessionIds: ReadonlySet<string>
  /** Secrets taken out, by kind. */
  redactions: Record<string, number>
  /** The first of them, and where. */
  findings: {line: number; finding: Finding}[]
  /** The first lines' text, kept where the whole is small. */
  kept: readonly Buffer[] | undefined
}

export interface PreparedPart {
  /** The part's bytes in the file on disk. */
  from: number
  to: number
  /** After redaction. */
  sizeBytes: number
  sha256: string
}

export interface PrepareOptions {
  path: string
  /** No byte behind this is read: the file may be growing. */
  sizeBytes: number
  maxPartBytes?: number
}

/** Up to this size the redacted text stays in memory; above, it is made a second time while it is sent. */
const MAX_KEPT_BYTES = 4 << 20
/** Described one by one; the rest is only counted. */
const MAX_FINDINGS = 1000
const CHUNK_BYTES = 1 << 16
const NEWLINE = Buffer.from('\n')

/**
 * Reads and redacts once, to learn sizes and hashes. One line is in memory at a time.
 * @throws TooLargeError `line_too_long` when a single line does not fit
 */
export async function prepareTranscript(
  files: Files,
  {path, sizeBytes, maxPartBytes = MAX_UPLOAD_BYTES}: PrepareOptions,
  signal?: AbortSignal,
): Promise<PreparedTranscript> {
  const draft = new Draft(maxPartBytes)
  const chunks = files.readBytes(path, {from: 0, to: sizeBytes}, signal)
  try {
    for await (const line of readLines(chunks, maxPartBytes)) {
      // Still being written: it goes with the next push.
      if (!line.isTerminated && !isJson(line.bytes)) break
      draft.add(line)
    }
  } catch (error) {
    throw error instanceof LineTooLong ? lineTooLong(path, error.lineNumber, maxPartBytes) : error
  }
  return draft.finish(path)
}

/** The bytes of one part, redacted. @throws IntegrityError when the file is no longer what it was. */
export async function* partBytes(
  files: Files,
  transcript: PreparedTranscript,
  {part, signal}: {part: PreparedPart; signal?: AbortSignal},
): AsyncGenerator<Uint8Array> {
  if (transcript.kept) {
    yield* transcript.kept
    return
  }
  const hash = createHash('sha256')
  let batch: Buffer[] = []
  let batchBytes = 0
  const range = {from: part.from, to: part.to}
  for await (const line of readLines(files.readBytes(transcript.path, range, signal), Infinity)) {
    const bytes = redactedBytes(line).bytes
    hash.update(bytes)
    batch.push(bytes)
    batchBytes += bytes.length
    if (batchBytes < CHUNK_BYTES) continue
    yield Buffer.concat(batch)
    batch = []
    batchBytes = 0
  }
  if (batchBytes > 0) yield Buffer.concat(batch)
  if (hash.digest('hex') === part.sha256) return
  throw new IntegrityError(`The transcript ${transcript.path} changed while it was being sent.`, {
    code: 'transcript_changed',
    hint: 'Nothing was stored. The next push sends it.',
    details: {path: transcript.path},
  })
}

interface Line {
  bytes: Buffer
  nextAt: number
  isTerminated: boolean
}

class Draft {
  private readonly whole = createHash('sha256')
  private readonly parts: PreparedPart[] = []
  private readonly cwds = new Set<string>()
  private readonly sessionIds = new Set<string>()
  private readonly redactions: Record<string, number> = {}
  private readonly findings: {line: number; finding: Finding}[] = []
  private kept: Buffer[] | undefined = []
  private open = {from: 0, sizeBytes: 0, hash: createHash('sha256')}
  private at = 0
  private line = 0

  constructor(private readonly maxPartBytes: number) {}

  add(line: Line): void {
    this.line++
    this.whole.update(line.bytes)
    if (line.isTerminated) this.whole.update(NEWLINE)
    const {bytes, record} = redactedBytes(line, (finding) => this.count(finding))
    if (bytes.length > this.maxPartBytes) throw new LineTooLong(this.line)
    if (this.open.sizeBytes + bytes.length > this.maxPartBytes) this.closePart()
    this.open.sizeBytes += bytes.length
    this.open.hash.update(bytes)
    this.at = line.nextAt
    if (typeof record?.cwd === 'string') this.cwds.add(record.cwd)
    if (typeof record?.sessionId === 'string') this.sessionIds.add(record.sessionId)
    if (this.open.sizeBytes > MAX_KEPT_BYTES) this.kept = undefined
    this.kept?.push(bytes)
  }

  private count(finding: Finding): void {
    this.redactions[finding.kind] = (this.redactions[finding.kind] ?? 0) + 1
    if (this.findings.length < MAX_FINDINGS) this.findings.push({line: this.line, finding})
  }

  finish(path: string): PreparedTranscript {
    if (this.at > this.open.from) this.closePart()
    const {parts, cwds, sessionIds, redactions, findings} = this
    const kept = parts.length === 1 ? this.kept : undefined
    const sha256 = this.whole.digest('hex')
    return {path, bytes: this.at, sha256, parts, cwds, sessionIds, redactions, findings, kept}
  }

  private closePart(): void {
    const {from, sizeBytes, hash} = this.open
    this.parts.push({from, to: this.at, sizeBytes, sha256: hash.digest('hex')})
    this.open = {from: this.at, sizeBytes: 0, hash: createHash('sha256')}
  }
}

function redactedBytes(
  {bytes, isTerminated}: Line,
  onFinding: (finding: Finding) => void = () => {},
): {bytes: Buffer; record: Record<string, unknown> | undefined} {
  const {text, record} = redactLine(bytes.toString('utf8'), onFinding)
  return {bytes: Buffer.from(isTerminated ? `${text}\n` : text), record}
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

function lineTooLong(path: string, line: number, maxBytes: number): TooLargeError {
  const limit = `${Math.round(maxBytes / (1 << 20))} MiB`
  return new TooLargeError(`Line ${line} of ${path} is longer than the ${limit} a server takes.`, {
    code: 'line_too_long',
    hint: 'A transcript is split between lines, never inside one, so this one cannot be sent.',
    details: {path, line, maxBytes},
  })
}
