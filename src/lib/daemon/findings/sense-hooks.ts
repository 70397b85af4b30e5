import {workspacePaths} from '../../config/paths.js'
import type {HookState, SettingsPlaces} from '../../hooks/hook-state.js'
import type {Observation} from '../model.js'
import {markOf, type Remembered} from './remembered.js'

export type KnownHooks = Pick<HookState, 'state' | 'reason'>

/** Whether Claude Code runs our hooks; `read` is called only when one of its settings has moved. */
export async function hooksNow(
  {workspace, claude, managed}: SettingsPlaces,
  memory: Remembered<KnownHooks>,
  read: () => Promise<KnownHooks>,
): Promise<KnownHooks> {
  const parts = await managed.list('managed-settings.d')
  const marks = await Promise.all([
    markOf(workspace, [workspacePaths.settings, workspacePaths.localSettings]),
    markOf(claude, ['settings.json']),
    markOf(managed, [
      'managed-settings.json',
      ...parts.map((name) => `managed-settings.d/${name}`),
    ]),
  ])
  return memory.get(marks.join('\n'), async () => {
    const {state, reason} = await read()
    return {state, reason}
  })
}

/** Hooks that were taken out on purpose are no finding. */
export function senseHooks({state, reason}: KnownHooks): Observation[] {
  if (state === 'active' || state === 'absent') return []
  const action = state === 'altered' ? ['hooks', 'install'] : null
  return [
    {kind: 'hooks_altered', subject: state, message: reason ?? 'The hooks do not run.', action},
  ]
}
