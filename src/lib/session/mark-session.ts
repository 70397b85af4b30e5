import {workspacePaths} from '../config/paths.js'
import {UsageError} from '../errors.js'
import type {Lock} from '../ports/lock.js'
import {
  comparableId,
  idsOfRow,
  readIdRows,
  readPrivacy,
  type PrivacySource,
} from './session-privacy.js'

export interface MarkResult {
  sessionId: string
  state: 'private' | 'public'
  /** False when it was so before. */
  changed: boolean
}

const SESSION_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/
const WAIT_MS = 5_000

/**
 * The session meant by a command: the one named, else the one it runs in.
 * @throws UsageError when there is neither, or the id cannot be one
 */
export function resolveSessionId(named: string | undefined, current: string | undefined): string {
  const id = named ?? current
  if (id === undefined)
    throw new UsageError('No session is named, and this is not a Claude Code session.', {
      code: 'no_session',
      hint: 'Name one: `agnes session list` shows the ids.',
    })
  if (SESSION_ID.test(id)) return id
  throw new UsageError(`"${id.slice(0, 80)}" is not a session id.`, {
    code: 'bad_session_id',
    hint: 'Run: agnes session list',
  })
}

/** Private from the next request on; a mark is never lost, it fails loudly instead. */
export async function markPrivate(
  source: PrivacySource & {lock: Lock},
  sessionId: string,
  signal?: AbortSignal,
): Promise<MarkResult> {
  return holding(source.lock, signal, async () => {
    const rows = await readIdRows(source, workspacePaths.privateSessions)
    const changed = !rows.flatMap(idsOfRow).includes(comparableId(sessionId))
    if (changed) await appendId(source, workspacePaths.privateSessions, sessionId)
    await removeId(source, workspacePaths.publicSessions, sessionId)
    return {sessionId, state: 'private', changed}
  })
}

/** Takes the mark away; where sessions are private by default, marks the session public. */
export async function markPublic(
  source: PrivacySource & {lock: Lock},
  sessionId: string,
  signal?: AbortSignal,
): Promise<MarkResult> {
  return holding(source.lock, signal, async () => {
    const wasPrivate = (await readPrivacy(source)).isPrivate([sessionId])
    await removeId(source, workspacePaths.privateSessions, sessionId)
    const privacy = await readPrivacy(source)
    if (privacy.isPrivate([sessionId]))
      await appendId(source, workspacePaths.publicSessions, sessionId)
    return {sessionId, state: 'public', changed: wasPrivate}
  })
}

function holding<T>(
  lock: Lock,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  return lock.hold({waitMs: WAIT_MS, command: 'agnes session'}, work, signal)
}

/** One write; begins a new line where the last one was not ended. */
async function appendId({workspace}: PrivacySource, path: string, id: string): Promise<void> {
  const text = (await workspace.readText(path)) ?? ''
  await workspace.append(path, text === '' || text.endsWith('\n') ? `${id}\n` : `\n${id}\n`)
}

async function removeId(source: PrivacySource, path: string, id: string): Promise<void> {
  const rows = await readIdRows(source, path)
  const others = rows.filter((row) => !idsOfRow(row).includes(comparableId(id)))
  if (others.length === rows.length) return
  await source.workspace.writeAtomic(path, others.map((row) => `${row}\n`).join(''))
}
