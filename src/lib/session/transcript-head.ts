import type {Files} from '../ports/files.js'
import {LineTooLong, readLines} from './read-lines.js'

/** What the first lines of a transcript say. */
export interface TranscriptHead {
  /** Folder the session was started in; `undefined` while no line says so. */
  cwd: string | undefined
  /** ISO 8601, of the first line that has one. */
  startedAt: string | undefined
  /** Sessions named in the lines read: a sub-agent's transcript names the one it works for. */
  sessionIds: string[]
}

export interface HeadOptions {
  path: string
  sizeBytes: number
  maxLineBytes: number
}

/** Enough for the first lines of most transcripts. */
const FIRST_LOOK_BYTES = 16_384

/** Reads no further than the first line with a `cwd`. */
export async function readTranscriptHead(
  files: Files,
  transcript: HeadOptions,
  signal?: AbortSignal,
): Promise<TranscriptHead> {
  const first = await readUpTo(files, {...transcript, sizeBytes: FIRST_LOOK_BYTES}, signal)
  if (first.cwd !== undefined || transcript.sizeBytes <= FIRST_LOOK_BYTES) return first
  return readUpTo(files, transcript, signal)
}

async function readUpTo(
  files: Files,
  {path, sizeBytes, maxLineBytes}: HeadOptions,
  signal?: AbortSignal,
): Promise<TranscriptHead> {
  const head: TranscriptHead = {cwd: undefined, startedAt: undefined, sessionIds: []}
  try {
    for await (const line of readLines(
      files.readBytes(path, {from: 0, to: sizeBytes}, signal),
      maxLineBytes,
    )) {
      const record = parseRecord(line.bytes.toString('utf8'))
      if (!record) continue
      head.startedAt ??= nonEmpty(record.timestamp)
      const sessionId = nonEmpty(record.sessionId)
      if (sessionId !== undefined && !head.sessionIds.includes(sessionId))
        head.sessionIds.push(sessionId)
      head.cwd = nonEmpty(record.cwd)
      if (head.cwd !== undefined) break
    }
  } catch (error) {
    // Whoever sends the file reports the line; nothing is known about the rest.
    if (!(error instanceof LineTooLong)) throw error
  }
  return head
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null
      ? (parsed as Record<string, unknown>)
      : undefined
  } catch {
    // Cut off or broken: the line tells nothing.
    return undefined
  }
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
