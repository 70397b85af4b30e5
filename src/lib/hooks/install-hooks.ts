/**
 * Hooks: commands that Claude Code runs at the start and the end of a session. A *definition* is a file
 * of `hooks/` in our package; an *entry* is one element of a list in `.claude/settings.json`. This room
 * merges definitions into that file. It never rewrites what is not ours and never decides what to run.
 */
import {z} from 'zod/mini'
import {ownLauncher, workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import type {OwnedFile} from '../workspace/owned-file.js'
import {hookCommand} from './command-line.js'
import {mergeHooks, removeHooks, type MergedHooks, type OwnSettings} from './merge-hooks.js'

const DEFINITIONS = ['hooks/session-start.json', 'hooks/session-end.json']
const STATUS_LINE = 'hooks/status-line.json'
const Definition = z.object({event: z.string(), entry: z.unknown()})
const StatusLine = z.object({statusLine: z.unknown()})

export type HookOutcome =
  | {state: 'installed' | 'updated' | 'unchanged'; reason: null}
  /** Nothing was written; `reason` says why. */
  | {state: 'left'; reason: string}

/** The definitions shipped with this version, for this computer. `packageFiles` is rooted at the package. */
export async function readHookDefinitions(packageFiles: Files): Promise<OwnSettings> {
  const launcher = ownLauncher()
  const read = async (path: string) =>
    JSON.parse((await packageFiles.readText(path)) ?? '', (key, value: unknown) =>
      key === 'command' ? hookCommand(launcher, String(value)) : value,
    ) as unknown
  const hooks = await Promise.all(
    DEFINITIONS.map(async (path) => {
      const {event, entry} = Definition.parse(await read(path))
      return {event, entry}
    }),
  )
  return {hooks, statusLine: StatusLine.parse(await read(STATUS_LINE)).statusLine}
}

/** Merges the definitions into a workspace; writes only when something changes, keeping a backup. */
export function installHooks(settings: OwnedFile, wanted: OwnSettings): Promise<HookOutcome> {
  return rewrite(settings, (text) => mergeHooks(text, wanted))
}

/** Takes everything of ours out, in whatever layout: `updated` when there was something. */
export function uninstallHooks(settings: OwnedFile): Promise<HookOutcome> {
  return rewrite(settings, (text) => (text === undefined ? undefined : removeHooks(text)))
}

async function rewrite(
  settings: OwnedFile,
  edit: (text: string | undefined) => MergedHooks | undefined,
): Promise<HookOutcome> {
  const current = await settings.read()
  if (current.kind === 'unusable') return {state: 'left', reason: current.reason}
  const merged = edit(current.text)
  if (merged?.kind === 'unreadable') return {state: 'left', reason: merged.reason}
  if (!merged || merged.text === current.text) return {state: 'unchanged', reason: null}
  if (current.text !== undefined) await settings.writeBeside('.agnes-backup', current.text)
  await settings.write(merged.text)
  return {state: current.text === undefined ? 'installed' : 'updated', reason: null}
}

/** Whether a workspace has the hooks: what `status` shows. */
export async function inspectHooks(
  workspace: Files,
  wanted: OwnSettings,
): Promise<'installed' | 'missing' | 'outdated' | 'unreadable'> {
  const text = await workspace.readText(workspacePaths.settings)
  if (text === undefined) return 'missing'
  const merged = mergeHooks(text, wanted.hooks)
  if (merged.kind === 'unreadable') return 'unreadable'
  if (merged.text === text) return 'installed'
  const bare = removeHooks(text)
  return bare.kind === 'merged' && bare.text !== text ? 'outdated' : 'missing'
}
