import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import {memberOf, spansOf, valueAt} from './json-edit.js'
import {covers, mergeHooks, type OwnSettings} from './merge-hooks.js'
import {isOwnEntry, isOwnStatusLine} from './own-entry.js'

/** Whether Claude Code runs our hooks in a workspace. */
export interface HookState {
  /**
   * `active`; `disabled`: they are there, but a setting keeps all hooks from running; `altered`: ours, but
   * not as this version writes them; `absent`; `unreadable`: the settings are not valid.
   */
  state: 'active' | 'disabled' | 'altered' | 'absent' | 'unreadable'
  /** Why it is not active, as a sentence; `null` when it is. */
  reason: string | null
  /** The file that disables them; `null` unless `disabled`. */
  disabledBy: string | null
  events: {event: string; state: 'active' | 'altered' | 'absent'; command: string | null}[]
  statusLine: 'ours' | 'foreign' | 'absent'
}

export interface SettingsPlaces {
  workspace: Files
  /** Claude Code's own folder, with the account's `settings.json`. */
  claude: Files
  /** Where administrators of the computer put `managed-settings.json`. */
  managed: Files
}

export async function readHookState(
  places: SettingsPlaces,
  wanted: OwnSettings,
): Promise<HookState> {
  const text = (await places.workspace.readText(workspacePaths.settings)) ?? '{}'
  const merged = mergeHooks(text, wanted.hooks)
  const nothing = {disabledBy: null, events: [], statusLine: 'absent'} as const
  if (merged.kind === 'unreadable') {
    const reason = `${workspacePaths.settings} cannot be used: ${merged.reason}.`
    return {state: 'unreadable', reason, ...nothing, events: []}
  }
  const events = wanted.hooks.map(({event, entry}) => stateOf(text, event, entry))
  const statusLine = statusLineOf(text)
  const worst = (['absent', 'altered'] as const).find((state) =>
    events.some((event) => event.state === state),
  )
  if (worst) {
    const names = events.filter(({state}) => state === worst).map(({event}) => event)
    const what = worst === 'absent' ? 'is not installed' : 'is not as this version writes it'
    const reason = `The hook for ${names.join(' and ')} ${what}.`
    return {state: worst, reason, disabledBy: null, events, statusLine}
  }
  const disabled = await whyDisabled(places)
  if (disabled) return {state: 'disabled', ...disabled, events, statusLine}
  return {state: 'active', reason: null, disabledBy: null, events, statusLine}
}

function stateOf(text: string, event: string, entry: unknown): HookState['events'][number] {
  const list = memberOf(memberOf(spansOf(text), 'hooks'), event)
  const values = list?.kind === 'array' ? list.items.map((item) => valueAt(text, item)) : []
  const own = values.filter(isOwnEntry)
  const right = own.find((value) => covers(value, entry))
  const state =
    right && own.length === 1
      ? 'active'
      : own.length > 0 || values.some(namesUs)
        ? 'altered'
        : 'absent'
  return {event, state, command: commandOf(right ?? own[0] ?? values.find(namesUs))}
}

/** An entry that somebody changed by hand so far that we no longer call it ours. */
function namesUs(value: unknown): boolean {
  return /\bagnes (?:pull|push)\b/.test(commandOf(value) ?? '')
}

function commandOf(entry: unknown): string | null {
  const [hook] = (entry as {hooks?: {command?: unknown}[]} | undefined)?.hooks ?? []
  return typeof hook?.command === 'string' ? hook.command : null
}

function statusLineOf(text: string): HookState['statusLine'] {
  const line = memberOf(spansOf(text), 'statusLine')
  const value = line && valueAt(text, line)
  if (value === undefined || value === null || value === '') return 'absent'
  return isOwnStatusLine(value) ? 'ours' : 'foreign'
}

/** As Claude Code decides it: the computer's settings first, then the nearest that says something. */
async function whyDisabled(
  places: SettingsPlaces,
): Promise<{reason: string; disabledBy: string} | null> {
  for (const file of await managedFiles(places.managed)) {
    const settings = await readSettings(places.managed, file)
    const setting = ['disableAllHooks', 'allowManagedHooksOnly'].find(
      (name) => settings[name] === true,
    )
    if (setting) return because(setting, places.managed.absolute(file))
  }
  const nearestFirst = [
    [places.workspace, workspacePaths.localSettings],
    [places.workspace, workspacePaths.settings],
    [places.claude, 'settings.json'],
  ] as const
  for (const [files, file] of nearestFirst) {
    const {disableAllHooks} = await readSettings(files, file)
    if (disableAllHooks === true) return because('disableAllHooks', files.absolute(file))
    if (disableAllHooks === false) return null
  }
  return null
}

function because(setting: string, path: string): {reason: string; disabledBy: string} {
  return {reason: `"${setting}" in ${path} keeps hooks from running.`, disabledBy: path}
}

async function managedFiles(managed: Files): Promise<string[]> {
  const parts = (await managed.list('managed-settings.d')).filter((name) => name.endsWith('.json'))
  return [...parts.map((name) => `managed-settings.d/${name}`).reverse(), 'managed-settings.json']
}

/** What cannot be read disables nothing: Claude Code leaves such a file out as well. */
async function readSettings(files: Files, path: string): Promise<Record<string, unknown>> {
  const text = await files.readText(path)
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
