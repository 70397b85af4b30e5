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
  let text = settings
  for (const rule of VERBS) {
    const root = spansOf(text)
    const permissions = memberOf(root, 'permissions')
    const allow = memberOf(permissions, 'allow')
    if (permissions && permissions.kind !== 'object') return undefined
    if (allow && allow.kind !== 'array') return undefined
    if (!permissions) text = insertInto(text, root, {key: 'permissions', value: {allow: [rule]}})
    else if (!allow) text = insertInto(text, permissions, {key: 'allow', value: [rule]})
    else if (!(valueAt(text, allow) as unknown[]).includes(rule))
      text = insertInto(text, allow, {value: rule})
  }
  return text
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
