import {workspacePaths} from '../config/paths.js'
import type {Env} from '../config/env.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock} from '../ports/lock.js'
import type {Random} from '../ports/random.js'
import type {PrivacySource} from '../session/session-privacy.js'
import {openPlace} from './open-place.js'
import type {PushDeps} from './push-sessions.js'

/** The part of the composition root that pushing needs. */
export interface PushContext {
  env: Env
  clock: Clock
  random: Random
  config: Files
  folders: Folders
  filesAt(root: string): Files
  lockAt(root: string, path: string): Lock
  serverOrigin(workspaceServer: string | undefined): Promise<string>
  http(origin: string): Promise<HttpClient>
}

/** @param root the workspace's */
export async function openPush(context: PushContext, root: string): Promise<PushDeps> {
  const place = await openPlace(context, root)
  return {
    place,
    lock: context.lockAt(root, workspacePaths.pushLock),
    random: context.random,
    http: () => context.http(place.origin),
    isGzipAllowed: !context.env.pushNoGzip,
  }
}

export {openPlace} from './open-place.js'

/** What marking a session takes; no server is needed for it. */
export function openMarks(context: PushContext, root: string): PrivacySource & {lock: Lock} {
  const {config, folders} = context
  const lock = context.lockAt(root, workspacePaths.sessionsLock)
  return {workspace: context.filesAt(root), config, folders, lock}
}
