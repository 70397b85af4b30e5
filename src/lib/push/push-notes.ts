import {createHash} from 'node:crypto'
import {sep} from 'node:path'
import {workspacePaths} from '../config/paths.js'
import type {HttpClient} from '../ports/http-client.js'
import {checkNotesAnswer, UPLOAD_NOTES_PATH} from '../wire/upload.js'
import type {PushLedger} from './ledger.js'
import type {NotesState} from './push-result.js'
import type {PushPlace} from './survey.js'

/** The analyst's `.claude/CLAUDE.local.md`, if it has to go. */
export interface PlannedNotes {
  state: NotesState
  /** Redacted; only with `would_send`. */
  content: string
  /** Of the file. */
  sha256: string
  redactions: number
}

/** Decides and redacts. The server keeps one such file a user, so it goes only when it changed here. */
export async function planNotes(place: PushPlace, ledger: PushLedger): Promise<PlannedNotes> {
  const plan = (state: NotesState): PlannedNotes => ({
    state,
    content: '',
    sha256: '',
    redactions: 0,
  })
  const {workspace, folders} = place
  const path = workspace.absolute(workspacePaths.localNotes)
  const root = await folders.realPath(workspace.root)
  if (!(await folders.realPath(path)).startsWith(root + sep)) return plan('outside')
  if ((await folders.kindOf(path)) !== 'file') return plan('absent')
  const text = await workspace.readText(workspacePaths.localNotes)
  if (text === undefined) return plan('absent')
  if (text.trim() === '') return plan('empty')
  const sha256 = createHash('sha256').update(text).digest('hex')
  if (sha256 === ledger.lastNotesHash) return plan('unchanged')
  const {redactText} = await import('../redact/redact-text.js')
  let redactions = 0
  const content = redactText(text, () => redactions++)
  return {state: 'would_send', content, sha256, redactions}
}

export async function sendNotes(
  {http, ledger, nowMs}: {http: HttpClient; ledger: PushLedger; nowMs: number},
  {content, sha256}: PlannedNotes,
  signal?: AbortSignal,
): Promise<void> {
  const answer = await http.requestJson('POST', UPLOAD_NOTES_PATH, {body: {content}}, signal)
  checkNotesAnswer(answer.body)
  const at = new Date(nowMs).toISOString()
  await ledger.record({kind: 'notes', server: ledger.server, sha256, at})
}
