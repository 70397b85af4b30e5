import {workspacePaths} from '../config/paths.js'
import {insertInto, memberOf, spansOf, valueAt} from '../hooks/json-edit.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {openOwnedFile} from './owned-file.js'
import type {WrittenFile} from './write-workspace.js'

/**
 * Verbs that an agent may run without asking, once the analyst said so: those that read, and those that
 * fetch what the analyst may see anyway. Not in it: what changes rights, sign-in or privacy, what
 * installs code, and what asks the server to scan (`agnes query --remote` is a query like any other,
 * under the analyst's own cap).
 */
const VERBS = [
  'catalog',
  'schema',
  'describe',
  'sample',
  'explore',
  'query',
  'status',
  'pull',
  'snapshot list',
  'snapshot show',
  'snapshot create',
  'snapshot refresh',
  'verify',
  'disk-info',
  'exit-codes',
  'version',
].map((verb) => `Bash(agnes ${verb}:*)`)

/** Reading verbs as well, but these forms write a file wherever they are told to. */
const ASKED = ['Bash(agnes query * --out*)', 'Bash(agnes query --out*)']

/** Adds what is missing to `permissions.allow` of the workspace's settings; all other bytes stay. */
export async function allowOwnVerbs(files: {
  workspace: Files
  folders: Folders
}): Promise<WrittenFile> {
  const path = workspacePaths.settings
  const file = await openOwnedFile(files, path)
  const current = await file.read()
  if (current.kind === 'unusable') return {path, action: 'left', reason: current.reason}
  const text = current.text ?? '{}\n'
  const merged = withVerbs(text)
  if (merged === undefined)
    return {path, action: 'left', reason: 'its list of permissions cannot be read'}
  if (merged === text) return {path, action: 'unchanged', reason: null}
  await file.write(merged)
  return {path, action: current.text === undefined ? 'created' : 'updated', reason: null}
}

/** `undefined` for a text that is not settings as Claude Code reads them. */
export function withVerbs(settings: string): string | undefined {
  if (!isObject(settings)) return undefined
  let text: string | undefined = settings
  for (const rule of VERBS) text &&= withRule(text, 'allow', rule)
  for (const rule of ASKED) text &&= withRule(text, 'ask', rule)
  return text
}

function withRule(text: string, key: 'allow' | 'ask', rule: string): string | undefined {
  const root = spansOf(text)
  const permissions = memberOf(root, 'permissions')
  const list = memberOf(permissions, key)
  if (permissions && permissions.kind !== 'object') return undefined
  if (list && list.kind !== 'array') return undefined
  if (!permissions) return insertInto(text, root, {key: 'permissions', value: {[key]: [rule]}})
  if (!list) return insertInto(text, permissions, {key, value: [rule]})
  const isThere = (valueAt(text, list) as unknown[]).includes(rule)
  return isThere ? text : insertInto(text, list, {value: rule})
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
