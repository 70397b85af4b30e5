/**
 * Hooks: commands that Claude Code runs at the start and the end of a session. A *definition* is a file
 * of `hooks/` in our package; an *entry* is one element of a list in `.claude/settings.json`. This room
 * merges definitions into that file. It never rewrites what is not ours and never decides what to run.
 */
import {z} from 'zod/mini'
import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import type {OwnedFile} from '../workspace/owned-file.js'
import {mergeHooks, type HookDefinition} from './merge-hooks.js'

const DEFINITIONS = ['hooks/session-start.json', 'hooks/session-end.json']
const Definition = z.object({event: z.string(), entry: z.unknown()})

export type HookOutcome =
  | {state: 'installed' | 'updated' | 'unchanged'; reason: null}
  /** Nothing was written; `reason` says why. */
  | {state: 'left'; reason: string}

/** The definitions shipped with this version. `packageFiles` is rooted at the installed package. */
export async function readHookDefinitions(packageFiles: Files): Promise<HookDefinition[]> {
  return Promise.all(
    DEFINITIONS.map(async (path) => {
      const {event, entry} = Definition.parse(JSON.parse((await packageFiles.readText(path)) ?? ''))
      return {event, entry}
    }),
  )
}

/** Merges the definitions into a workspace; writes only when something changes, keeping a backup. */
export async function installHooks(
  settings: OwnedFile,
  definitions: readonly HookDefinition[],
): Promise<HookOutcome> {
  const current = await settings.read()
  if (current.kind === 'unusable') return {state: 'left', reason: current.reason}
  const merged = mergeHooks(current.text, definitions)
  if (merged.kind === 'unreadable') return {state: 'left', reason: merged.reason}
  if (merged.text === current.text) return {state: 'unchanged', reason: null}
  if (current.text !== undefined) await settings.writeBeside('.agnes-backup', current.text)
  await settings.write(merged.text)
  return {state: current.text === undefined ? 'installed' : 'updated', reason: null}
}

/** Whether a workspace has the hooks: what `status` shows. */
export async function inspectHooks(
  workspace: Files,
  definitions: readonly HookDefinition[],
): Promise<'installed' | 'missing' | 'outdated' | 'unreadable'> {
  const text = await workspace.readText(workspacePaths.settings)
  if (text === undefined) return 'missing'
  const merged = mergeHooks(text, definitions)
  if (merged.kind === 'unreadable') return 'unreadable'
  if (merged.text === text) return 'installed'
  const names = definitions.some(({entry}) => text.includes(commandOf(entry)))
  return names ? 'outdated' : 'missing'
}

function commandOf(entry: unknown): string {
  const [hook] = (entry as {hooks?: {command?: string}[]}).hooks ?? []
  return JSON.stringify(hook?.command ?? '')
}
