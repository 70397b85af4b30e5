import {workspacePaths} from '../config/paths.js'
import {installHooks, readHookDefinitions, type HookOutcome} from '../hooks/install-hooks.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {allowOwnVerbs} from './allow-verbs.js'
import {installTexts} from './install-texts.js'
import {openOwnedFile} from './owned-file.js'
import type {Welcome} from './server-welcome.js'
import {readMarker, writeMarker} from './workspace-marker.js'

export interface WrittenFile {
  /** Relative to the workspace. */
  path: string
  /** `left`: not touched, for the `reason` given. */
  action: 'created' | 'updated' | 'unchanged' | 'left'
  reason: string | null
}

export interface WriteWorkspaceInput {
  workspace: Files
  /** Rooted at the installed package: `templates/` and `hooks/`. */
  packageFiles: Files
  folders: Folders
  server: string
  welcome: Welcome
  /** Also lets an agent run our reading verbs without asking; only when the analyst asked for it. */
  allowsVerbs?: boolean
  version: string
  /** ISO 8601. */
  now: string
}

/**
 * The files of a workspace, the completion marker last. Nothing that is right already is written again;
 * what is the analyst's stays, and what cannot be merged is left and said.
 */
export async function writeWorkspace(input: WriteWorkspaceInput): Promise<WrittenFile[]> {
  return [
    ...(await installTexts(input)),
    await writeSettings(input),
    await writeLocalNotes(input),
    await finish(input),
  ]
}

async function writeSettings(input: WriteWorkspaceInput): Promise<WrittenFile> {
  const path = workspacePaths.settings
  const definitions = await readHookDefinitions(input.packageFiles)
  const outcome = await installHooks(await openOwnedFile(input, path), definitions)
  const hooks = {path, action: actionOf(outcome), reason: outcome.reason}
  if (input.allowsVerbs !== true || hooks.action === 'left') return hooks
  const verbs = await allowOwnVerbs(input)
  return hooks.action === 'unchanged' || verbs.action === 'left' ? verbs : hooks
}

function actionOf({state}: HookOutcome): WrittenFile['action'] {
  return state === 'installed' ? 'created' : state
}

async function writeLocalNotes({
  workspace,
  packageFiles,
}: WriteWorkspaceInput): Promise<WrittenFile> {
  const path = workspacePaths.localNotes
  if (await workspace.stat(path)) return {path, action: 'unchanged', reason: null}
  await workspace.writeAtomic(
    path,
    (await packageFiles.readText('templates/claude-local.md')) ?? '',
  )
  return {path, action: 'created', reason: null}
}

async function finish({
  workspace,
  server,
  version,
  now,
}: WriteWorkspaceInput): Promise<WrittenFile> {
  const path = workspacePaths.initComplete
  const marker = await readMarker(workspace)
  if (marker?.completedAt && marker.server === server && marker.version === version)
    return {path, action: 'unchanged', reason: null}
  await writeMarker(workspace, {completedAt: now, version, server}, marker?.lines ?? [])
  return {path, action: marker ? 'updated' : 'created', reason: null}
}
