import {MissingError, toAgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {findTranscripts, isOwnTranscript, type TranscriptFile} from '../session/find-transcripts.js'
import {isBelow} from '../session/project-folders.js'
import {readPrivacy, type SessionPrivacy} from '../session/session-privacy.js'
import {readTranscriptHead} from '../session/transcript-head.js'
import {MAX_UPLOAD_BYTES} from '../wire/upload.js'
import {workspacePaths as paths} from '../config/paths.js'
import {adoptReferenceRows} from './adopt-reference.js'
import {compactedLedger, PushLedger} from './ledger.js'
import {isSettled, planPush, type PlannedSession, type SurveyedTranscript} from './plan-push.js'

/** Where a workspace's sessions lie and where they go. */
export interface PushPlace {
  workspace: Files
  /** Claude Code's folder of transcripts. */
  transcripts: Files
  /** The config folder. */
  config: Files
  folders: Folders
  clock: Clock
  /** Origin pushed to. */
  origin: string
  /** Origin the workspace belongs to, where it says so. */
  workspaceServer: string | undefined
}

export interface Survey {
  transcripts: readonly SurveyedTranscript[]
  plan: readonly PlannedSession[]
  ledger: PushLedger
  privacy: SessionPrivacy
  /** The workspace's path as given and with links resolved. */
  workspacePaths: readonly string[]
  damagedRows: number
}

export interface SurveyOptions {
  /** See `PlanInput`. */
  isPatient: boolean
  /** Opens transcripts that the ledger settles, too. */
  areAllRead: boolean
  /** Takes over the reference client's rows for good; only under the lock. */
  isWriting: boolean
  /** Of an earlier look; a transcript that is the same file since is not opened again. */
  earlier?: readonly SurveyedTranscript[]
}

/** Every session of the workspace and what is to be done with it. Reads only, unless `isWriting`. */
export async function surveySessions(
  place: PushPlace,
  options: SurveyOptions,
  signal?: AbortSignal,
): Promise<Survey> {
  const privacy = await readPrivacy(place)
  const {ledger, damagedRows} = await openLedger(place, options.isWriting)
  const workspacePaths = await spellingsOf(place)
  const search = {...place, workspacePaths}
  const opened = (options.earlier ?? []).filter(({head}) => head !== undefined)
  const earlier = new Map(opened.map((transcript) => [keyOf(transcript.file), transcript]))
  const transcripts: SurveyedTranscript[] = []
  for (const file of await findTranscripts(search, signal)) {
    const isKnown = !options.areAllRead && isSettled(file, ledger)
    const transcript = isKnown
      ? {file, head: undefined, problem: null}
      : (earlier.get(keyOf(file)) ?? (await openTranscript(search, file, signal)))
    if (transcript) transcripts.push(transcript)
  }
  const nowMs = place.clock.now()
  const {isPatient} = options
  const plan = planPush({transcripts, ledger, privacy, workspacePaths, nowMs, isPatient})
  return {transcripts, plan, ledger, privacy, workspacePaths, damagedRows}
}

async function openLedger(
  place: PushPlace,
  isWriting: boolean,
): Promise<{ledger: PushLedger; damagedRows: number}> {
  const {workspace, origin: server, workspaceServer} = place
  const {ledger, rows, reference, damagedRows} = await PushLedger.load(workspace, server)
  const nowMs = place.clock.now()
  const adopted = adoptReferenceRows({reference, rows, server, workspaceServer, nowMs})
  if (!isWriting) {
    ledger.assume(adopted)
    return {ledger, damagedRows}
  }
  const compacted = compactedLedger(rows)
  if (compacted)
    await workspace.writeAtomic(
      paths.pushLedger,
      compacted.map((row) => `${JSON.stringify(row)}\n`).join(''),
    )
  await ledger.record(...adopted)
  return {ledger, damagedRows}
}

/** As given and with links resolved: Claude Code records the latter, people type the former. */
export async function spellingsOf({workspace, folders}: PushPlace): Promise<string[]> {
  return [...new Set([workspace.root, await folders.realPath(workspace.root)])]
}

async function openTranscript(
  search: PushPlace & {workspacePaths: readonly string[]},
  file: TranscriptFile,
  signal?: AbortSignal,
): Promise<SurveyedTranscript | undefined> {
  try {
    if (!(await isOwnTranscript(search, file.path))) return undefined
    const {path, sizeBytes} = file
    const options = {path, sizeBytes, maxLineBytes: MAX_UPLOAD_BYTES}
    const head = await readTranscriptHead(search.transcripts, options, signal)
    if (head.cwd !== undefined && !isBelow(head.cwd, search.workspacePaths))
      head.cwd = await resolvedOr(head.cwd, search.folders)
    return {file, head, problem: null}
  } catch (error) {
    signal?.throwIfAborted()
    // Claude Code cleans up behind old sessions.
    if (error instanceof MissingError) return undefined
    return {file, head: undefined, problem: toAgnesError(error).message}
  }
}

/** Another project's folder may be out of reach; its name is enough to tell that it is not ours. */
function resolvedOr(cwd: string, folders: Folders): Promise<string> {
  return folders.realPath(cwd).catch(() => cwd)
}

function keyOf({path, sizeBytes, mtimeMs}: TranscriptFile): string {
  return `${path} ${sizeBytes} ${mtimeMs}`
}
