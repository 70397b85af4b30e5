import {
  claudeDirectory,
  managedClaudeDirectory,
  packageRoot,
  workspacePaths,
} from '../config/paths.js'
import type {Env} from '../config/env.js'
import {UsageError, type AgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {openOwnedFile} from '../workspace/owned-file.js'
import {readHookState, type HookState, type SettingsPlaces} from './hook-state.js'
import {
  installHooks,
  readHookDefinitions,
  uninstallHooks,
  type HookOutcome,
} from './install-hooks.js'

/** The part of the composition root that the hooks need. */
export interface HooksContext {
  env: Env
  folders: Folders
  filesAt(root: string): Files
}

/** The `--json` document of `agnes hooks install`, `status` and `remove`. */
export interface HooksReport extends HookState {
  /** Absolute. */
  workspace: string
  /** Absolute path of the settings the hooks stand in. */
  settings: string
  /** What was done to that file; `null` when it was only looked at. */
  action: 'installed' | 'updated' | 'removed' | 'unchanged' | 'left' | null
}

export function settingsPlaces({env, filesAt}: HooksContext, root: string): SettingsPlaces {
  const managed = filesAt(managedClaudeDirectory())
  return {workspace: filesAt(root), claude: filesAt(claudeDirectory(env)), managed}
}

/** @param root the workspace's */
export async function reportHooks(
  context: HooksContext,
  root: string,
  change?: 'install' | 'remove',
): Promise<{report: HooksReport; failure: AgnesError | undefined}> {
  const places = settingsPlaces(context, root)
  const wanted = await readHookDefinitions(context.filesAt(packageRoot()))
  const {workspace} = places
  const settings = workspace.absolute(workspacePaths.settings)
  const apply = async (): Promise<HookOutcome | undefined> => {
    if (!change) return undefined
    const real = context.filesAt(await context.folders.realPath(root))
    const file = await openOwnedFile(
      {workspace: real, folders: context.folders},
      workspacePaths.settings,
    )
    return change === 'install' ? installHooks(file, wanted) : uninstallHooks(file)
  }
  const outcome = await apply()
  const state = await readHookState(places, wanted)
  const isRemoved = change === 'remove' && outcome?.state === 'updated'
  const action = isRemoved ? 'removed' : (outcome?.state ?? null)
  return {
    report: {workspace: root, settings, action, ...state},
    failure: outcome?.state === 'left' ? leftAlone(settings, outcome.reason) : undefined,
  }
}

function leftAlone(settings: string, reason: string): UsageError {
  return new UsageError(`${settings} was left as it is: ${reason}.`, {
    code: 'settings_unreadable',
    hint: 'Repair the file, then run: agnes hooks install',
    details: {path: settings, reason},
  })
}
