import type {TranscriptFile} from '../session/find-transcripts.js'
import {isBelow} from '../session/project-folders.js'
import type {SessionPrivacy} from '../session/session-privacy.js'
import type {TranscriptHead} from '../session/transcript-head.js'
import {isUploadName} from '../wire/upload.js'
import type {PushLedger} from './ledger.js'

/**
 * What is to be sent, decided without touching anything. Vocabulary: a transcript is *pending* when it
 * would be sent now, *sent* when the server has it as it is, *private*, *refused* when the server (or
 * its limits) will not have it until it changes, *waiting* after a failure that time may cure, and
 * *unknown* while it does not say which folder it belongs to.
 */
export type SessionState = 'pending' | 'sent' | 'private' | 'refused' | 'waiting' | 'unknown'

export interface PlannedSession {
  file: TranscriptFile
  state: SessionState
  /** ISO 8601; `null` where the transcript was not opened or does not say. */
  startedAt: string | null
  /** A sentence for `refused` and `waiting`. */
  reason: string | null
  /** Ids that may have been marked private: its own and those it names. */
  sessionIds: readonly string[]
}

/** A file and what was learnt by opening it, which is not done where the ledger settles it. */
export interface SurveyedTranscript {
  file: TranscriptFile
  head: TranscriptHead | undefined
  /** Why it could not be opened. */
  problem: string | null
}

export interface PlanInput {
  transcripts: readonly SurveyedTranscript[]
  ledger: PushLedger
  privacy: SessionPrivacy
  workspacePaths: readonly string[]
  nowMs: number
  /** A hook leaves alone what has failed a moment ago; a person does not. */
  isPatient: boolean
}

const PART_SUFFIX = '.part-0001.jsonl'

/** One entry a session of this workspace, oldest first; those of other projects are absent. */
export function planPush(input: PlanInput): PlannedSession[] {
  const newest = new Map<string, PlannedSession>()
  for (const transcript of input.transcripts) {
    const {file, head} = transcript
    if (head?.cwd !== undefined && !isBelow(head.cwd, input.workspacePaths)) continue
    const other = newest.get(file.sessionId)
    if (other && other.file.mtimeMs > file.mtimeMs) continue
    newest.set(file.sessionId, planOne(transcript, input))
  }
  return [...newest.values()].sort((a, b) => a.file.mtimeMs - b.file.mtimeMs)
}

/** Whether the ledger alone says that the server has the file as it is. */
export function isSettled(file: TranscriptFile, ledger: PushLedger): boolean {
  const sent = ledger.sentOf(file.sessionId)
  if (!sent || sent.fileBytes !== file.sizeBytes) return false
  return sent.mtimeMs === null || sent.mtimeMs === file.mtimeMs
}

function planOne({file, head, problem}: SurveyedTranscript, input: PlanInput): PlannedSession {
  const sessionIds = [...new Set([file.sessionId, ...(head?.sessionIds ?? [])])]
  const plan = (state: SessionState, reason: string | null = null): PlannedSession => ({
    file,
    state,
    startedAt: head?.startedAt ?? null,
    reason,
    sessionIds,
  })
  if (input.privacy.isPrivate(sessionIds)) return plan('private')
  if (isSettled(file, input.ledger)) return plan('sent')
  if (problem !== null) return plan('waiting', problem)
  if (head?.cwd === undefined) return plan('unknown')
  if (!isUploadName(file.sessionId + PART_SUFFIX))
    return plan(
      'refused',
      'Servers take only letters, digits, dots, dashes and underscores in its name.',
    )
  const failure = input.ledger.failureOf(file.sessionId)
  if (!failure) return plan('pending')
  const isSame = failure.fileBytes === file.sizeBytes && failure.mtimeMs === file.mtimeMs
  if (failure.isPermanent) return isSame ? plan('refused', failure.message) : plan('pending')
  const isEarly = input.isPatient && failure.retryAtMs > input.nowMs
  return isEarly ? plan('waiting', failure.message) : plan('pending')
}
