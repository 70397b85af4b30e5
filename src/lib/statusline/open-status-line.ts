import type {Env} from '../config/env.js'
import {AgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {Streams} from '../ports/streams.js'
import {readLastPush} from '../push/last-push.js'
import {readPrivacy} from '../session/session-privacy.js'
import {readHookInput} from '../session-start/hook-input.js'
import {readLastPull} from '../session-start/last-pull.js'
import {statusLine, type StatusLineFacts} from './status-line.js'

export interface StatusLineContext {
  env: Env
  clock: Clock
  streams: Streams
  config: Files
  folders: Folders
  filesAt(root: string): Files
  isWorkspace(path: string): Promise<boolean>
  currentDir: string
}

export interface StatusLine {
  /** `''` when there is nothing to say, and outside of a workspace. */
  text: string
  /** `null` outside of a workspace. */
  facts: StatusLineFacts | null
}

/** Claude Code says on stdin which session and which project it draws for. */
export async function openStatusLine(context: StatusLineContext): Promise<StatusLine> {
  const {env, clock, streams} = context
  const said = await readHookInput({env, clock, stdin: streams.in, isStatusLine: true})
  const root = env.localDir ?? said?.project ?? env.claudeProjectDir ?? context.currentDir
  if (!(await context.isWorkspace(root))) return {text: '', facts: null}
  const workspace = context.filesAt(root)
  const sessionId = said?.sessionId ?? env.claudeSessionId
  const [pull, push, privacy] = await Promise.all([
    readLastPull(workspace),
    readLastPush({workspace}),
    privacyOf({...context, workspace}, sessionId),
  ])
  const now = clock.now()
  const expiresAt = pull?.tokenExpiresAt ?? null
  const facts: StatusLineFacts = {
    privacy,
    ageMs: pull?.lastSuccessAt ? now - Date.parse(pull.lastSuccessAt) : null,
    staleAfterMs: env.staleAfterMs,
    pullExitCode: pull?.exitCode ?? 0,
    pushExitCode: push?.exitCode ?? 0,
    renewMs: env.renewDays * 86_400_000,
    tokenLeftMs: expiresAt === null ? null : Date.parse(expiresAt) - now,
  }
  return {text: statusLine(facts), facts}
}

async function privacyOf(
  source: {workspace: Files; config: Files; folders: Folders},
  sessionId: string | undefined,
): Promise<StatusLineFacts['privacy']> {
  try {
    const privacy = await readPrivacy(source)
    return privacy.isPrivate(sessionId === undefined ? [] : [sessionId]) ? 'private' : 'public'
  } catch (error) {
    if (error instanceof AgnesError) return 'unknown'
    throw error
  }
}
