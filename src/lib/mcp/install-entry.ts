import {claudeDirectory, homeDirectory, ownLauncher} from '../config/paths.js'
import type {Env} from '../config/env.js'
import {countOf, insertInto, memberOf, replaceAt, spansOf, valueAt} from '../hooks/json-edit.js'
import {isFields} from '../wire/read-fields.js'
import type {OwnedFile} from '../workspace/owned-file.js'
import type {Mode} from './policy.js'

/** The name that agents see before each tool. */
const NAME = 'agnes'

/** One entry of `mcpServers`. Full paths: a client started from a desktop has another PATH than a terminal. */
export interface McpEntry {
  command: string
  args: string[]
}

export type EntryOutcome =
  | {state: 'installed' | 'updated' | 'unchanged'; reason: null}
  /** Nothing was written; `reason` says why. */
  | {state: 'left'; reason: string}

export function mcpEntry(mode: Mode, workspace: string | undefined): McpEntry {
  const {node, script} = ownLauncher()
  const where = workspace === undefined ? [] : ['--workspace', workspace]
  return {command: node, args: [script, 'mcp', '--mode', mode, ...where]}
}

/** Where Claude Code keeps the servers of one account. */
export function userFile(env: Env): {folder: string; name: string} {
  const folder = env.claudeConfigDir === undefined ? homeDirectory(env) : claudeDirectory(env)
  return {folder, name: '.claude.json'}
}

/** Merges the entry; every other byte stays, and a file that is not understood is left alone. */
export async function installEntry(file: OwnedFile, entry: McpEntry): Promise<EntryOutcome> {
  const current = await file.read()
  if (current.kind === 'unusable') return {state: 'left', reason: current.reason}
  const {text} = current
  const merged = mergeEntry(text === undefined || text.trim() === '' ? '{}\n' : text, entry)
  if (merged.kind === 'left') return {state: 'left', reason: merged.reason}
  if (merged.text === text) return {state: 'unchanged', reason: null}
  if (text !== undefined) await file.writeBeside('.agnes-backup', text)
  await file.write(merged.text)
  return {state: text === undefined ? 'installed' : 'updated', reason: null}
}

export type MergedEntry = {kind: 'merged'; text: string} | {kind: 'left'; reason: string}

/** Pure. An entry of that name that runs something else than `agnes` is somebody else's. */
export function mergeEntry(text: string, entry: McpEntry): MergedEntry {
  const reason = whyUnreadable(text)
  if (reason !== null) return {kind: 'left', reason}
  const servers = memberOf(spansOf(text), 'mcpServers')
  if (!servers)
    return merged(insertInto(text, spansOf(text), {key: 'mcpServers', value: {[NAME]: entry}}))
  const own = memberOf(servers, NAME)
  if (!own) return merged(insertInto(text, servers, {key: NAME, value: entry}))
  const value = valueAt(text, own)
  if (!isOurs(value)) return {kind: 'left', reason: `its server "${NAME}" runs another program`}
  // A person may have added variables or a time limit.
  const wanted = {...value, ...entry}
  return merged(
    JSON.stringify(wanted) === JSON.stringify(value) ? text : replaceAt(text, own, wanted),
  )
}

function merged(text: string): MergedEntry {
  return {kind: 'merged', text}
}

function whyUnreadable(text: string): string | null {
  let settings: unknown
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return 'it is not valid JSON'
  }
  if (!isFields(settings)) return 'it does not hold a JSON object'
  const root = spansOf(text)
  if (countOf(root, 'mcpServers') > 1) return 'it names "mcpServers" twice'
  const servers = memberOf(root, 'mcpServers')
  if (!servers) return null
  if (servers.kind !== 'object') return '"mcpServers" is not an object'
  return countOf(servers, NAME) > 1 ? `it names "mcpServers.${NAME}" twice` : null
}

/** `agnes mcp …`, or Node on our script. */
function isOurs(value: unknown): value is Record<string, unknown> {
  if (!isFields(value) || typeof value.command !== 'string' || !Array.isArray(value.args))
    return false
  const words = [value.command, ...value.args.map(String)].map((word) => word.replaceAll('\\', '/'))
  const script = words.findIndex((word) => /(?:^|\/)agnes(?:\.cmd)?$|\/bin\/run\.js$/.test(word))
  return script >= 0 && words[script + 1] === 'mcp'
}
