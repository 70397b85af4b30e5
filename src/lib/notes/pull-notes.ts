import {workspacePaths} from '../config/paths.js'
import {type AgnesError, MissingError, toAgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {HttpClient, JsonAnswer} from '../ports/http-client.js'
import {markedRequest, markOf} from '../wire/answer-print.js'
import {readNotesBundle} from '../wire/notes.js'
import {isNoteFile, renderNotes} from './render-notes.js'

/** What became of the company notes in one pull. */
export interface NotesOutcome {
  /**
   * `updated` something was written or removed; `unchanged`; `unavailable` the server has none to give
   * (no such route); `failed` the notes here were kept; `skipped` not asked for.
   */
  state: 'updated' | 'unchanged' | 'unavailable' | 'failed' | 'skipped'
  /** Notes on disk afterwards. */
  files: number
  written: string[]
  removed: string[]
  /** Why it failed; `null` otherwise. */
  error: string | null
  warnings: string[]
}

/** Nothing was asked. */
export const noNotes: NotesOutcome = {
  state: 'skipped',
  files: 0,
  written: [],
  removed: [],
  error: null,
  warnings: [],
}

export async function countNotes(files: Files): Promise<number> {
  return (await files.list(workspacePaths.rules)).filter(isNoteFile).length
}

/** The request alone, so that it can travel beside the manifest's. Never rejects but by abort. */
export type NotesAnswer = {answer: JsonAnswer; sentEtag: string | null} | {error: AgnesError}

export async function fetchNotes(
  http: HttpClient,
  etag: string | null,
  signal: AbortSignal,
): Promise<NotesAnswer> {
  try {
    const answer = await http.requestJson('GET', '/api/memory/bundle', markedRequest(etag), signal)
    return {answer, sentEtag: etag}
  } catch (error) {
    signal.throwIfAborted()
    return {error: toAgnesError(error)}
  }
}

/** Writes what changed and removes what is gone; only an authoritative answer removes anything. */
export async function applyNotes(
  files: Files,
  {fetched, origin, isDryRun}: {fetched: NotesAnswer; origin: string; isDryRun: boolean},
): Promise<{outcome: NotesOutcome; etag: string | null}> {
  const present = (await files.list(workspacePaths.rules)).filter(isNoteFile)
  const base = {files: present.length, written: [], removed: [], error: null, warnings: []}
  if ('error' in fetched) return {outcome: failure(fetched.error, base), etag: null}
  const {answer} = fetched
  const etag = markOf(answer)
  if (answer.status === 304) return {outcome: {...base, state: 'unchanged'}, etag: fetched.sentEtag}
  let rendered
  try {
    rendered = renderNotes(readNotesBundle(answer.body), origin)
  } catch (error) {
    return {outcome: failure(toAgnesError(error), base), etag: null}
  }
  const written: string[] = []
  for (const [name, text] of rendered.files) {
    const path = `${workspacePaths.rules}/${name}`
    if ((await files.readText(path)) === text) continue
    if (!isDryRun) await files.writeAtomic(path, text)
    written.push(name)
  }
  const removed = present.filter((name) => !rendered.files.has(name))
  if (!isDryRun) for (const name of removed) await files.remove(`${workspacePaths.rules}/${name}`)
  const state = written.length + removed.length > 0 ? 'updated' : 'unchanged'
  const outcome = {
    state,
    files: rendered.files.size,
    written,
    removed,
    error: null,
    warnings: rendered.warnings,
  } as const
  return {outcome, etag}
}

function failure(error: AgnesError, base: Omit<NotesOutcome, 'state'>): NotesOutcome {
  if (error instanceof MissingError) return {...base, state: 'unavailable'}
  return {...base, state: 'failed', error: error.message}
}
