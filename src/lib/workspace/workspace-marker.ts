import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'

/**
 * `.claude/init-complete`: written last by `init`, so a folder that has it was set up to the end.
 * `key: value` lines, shared with the reference client; lines of others are kept.
 */
export interface WorkspaceMarker {
  /** ISO 8601. */
  completedAt: string | null
  /** Version of the client that wrote it. */
  version: string | null
  /** The server this workspace belongs to, as written. */
  server: string | null
  /** Every line as key and value, in file order. */
  lines: readonly (readonly [string, string])[]
}

/** `null` when `init` has not finished here (or the reference client made the folder without a marker). */
export async function readMarker(workspace: Files): Promise<WorkspaceMarker | null> {
  const text = await workspace.readText(workspacePaths.initComplete)
  if (text === undefined) return null
  const lines = text
    .split(/\r?\n/)
    .map((line) => /^\uFEFF?([\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key = '', value = '']) => [key, value] as const)
  const valueOf = (key: string) => lines.find(([name]) => name === key)?.[1] || null
  return {
    completedAt: valueOf('completed_at'),
    version: valueOf('agnes_version'),
    server: valueOf('server_url'),
    lines,
  }
}

/** The server a workspace belongs to: what `Context.serverOrigin` wants. `undefined` when it does not say. */
export async function readWorkspaceServer(workspace: Files): Promise<string | undefined> {
  return (await readMarker(workspace))?.server ?? undefined
}

export async function writeMarker(
  workspace: Files,
  marker: {completedAt: string; version: string; server: string},
  kept: readonly (readonly [string, string])[],
): Promise<void> {
  const ours: [string, string][] = [
    ['completed_at', marker.completedAt],
    ['agnes_version', marker.version],
    ['server_url', marker.server],
  ]
  const others = kept.filter(([key]) => !ours.some(([name]) => name === key))
  const text = [...ours, ...others].map(([key, value]) => `${key}: ${value}\n`).join('')
  await workspace.writeAtomic(workspacePaths.initComplete, text)
}
