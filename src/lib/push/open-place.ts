import {transcriptsDirectory} from '../config/paths.js'
import type {Env} from '../config/env.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {readWorkspaceServer} from '../workspace/workspace-marker.js'
import type {PushPlace} from './survey.js'

export interface PlaceContext {
  env: Env
  clock: Clock
  config: Files
  folders: Folders
  filesAt(root: string): Files
  serverOrigin(workspaceServer: string | undefined): Promise<string>
}

/** @param root the workspace's */
export async function openPlace(context: PlaceContext, root: string): Promise<PushPlace> {
  const {clock, config, folders, env} = context
  const workspace = context.filesAt(root)
  const named = await readWorkspaceServer(workspace)
  const origin = await context.serverOrigin(named)
  const workspaceServer =
    named !== undefined && URL.canParse(named) ? new URL(named).origin : undefined
  const transcripts = context.filesAt(transcriptsDirectory(env))
  return {workspace, transcripts, config, folders, clock, origin, workspaceServer}
}
