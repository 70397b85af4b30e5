import {packageRoot, workspacePaths} from '../config/paths.js'
import type {HooksContext} from '../hooks/open-hooks.js'
import {fencedWelcome, mergeBlock, welcomeIn, withoutBlock} from './claude-md.js'
import {openOwnedFile} from './owned-file.js'
import type {Welcome} from './server-welcome.js'
import {installSlashCommands, removeSlashCommands, type CommandFiles} from './slash-commands.js'
import type {WrittenFile} from './write-workspace.js'

export interface InstallTexts extends CommandFiles {
  /** `scheme://host[:port]`. */
  server: string
  welcome: Welcome
}

/**
 * Our block in CLAUDE.md and our slash commands, as this version and the server have them. Idempotent:
 * what is right already is not written again, what is the analyst's stays.
 */
export async function installTexts(input: InstallTexts): Promise<WrittenFile[]> {
  return [await writeClaudeMd(input), ...(await installSlashCommands(input))]
}

export interface RemovedText {
  /** Relative to the workspace. */
  path: string
  removed: boolean
  /** Why it stays; `null` when it went. */
  reason: string | null
}

/** @param root the workspace's */
export async function removeTextsAt(
  {folders, filesAt}: Pick<HooksContext, 'folders' | 'filesAt'>,
  root: string,
): Promise<RemovedText[]> {
  const workspace = filesAt(await folders.realPath(root))
  return removeTexts({workspace, folders, packageFiles: filesAt(packageRoot())})
}

/** Takes them away again, as far as they are ours. A CLAUDE.md of nothing but our block goes whole. */
export async function removeTexts(files: CommandFiles): Promise<RemovedText[]> {
  const path = workspacePaths.claudeMd
  const file = await openOwnedFile(files, path)
  const current = await file.read()
  const commands = await removeSlashCommands(files)
  if (current.kind === 'unusable')
    return [{path, removed: false, reason: current.reason}, ...commands]
  const rest = current.text === undefined ? undefined : withoutBlock(current.text)
  if (rest === undefined) return commands
  if (rest.trim() === '') await files.workspace.remove(path)
  else await file.write(rest)
  return [{path, removed: true, reason: null}, ...commands]
}

async function writeClaudeMd(input: InstallTexts): Promise<WrittenFile> {
  const path = workspacePaths.claudeMd
  const file = await openOwnedFile(input, path)
  const current = await file.read()
  if (current.kind === 'unusable') return {path, action: 'left', reason: current.reason}
  const merged = mergeBlock(current.text, await ourText(input, current.text))
  if (merged.kind === 'damaged') return {path, action: 'left', reason: merged.reason}
  if (merged.text === current.text) return {path, action: 'unchanged', reason: null}
  await file.write(merged.text)
  return {path, action: current.text === undefined ? 'created' : 'updated', reason: null}
}

async function ourText(
  {packageFiles, server, welcome}: InstallTexts,
  existing: string | undefined,
): Promise<string> {
  const template = (await packageFiles.readText('templates/claude-md.md')) ?? ''
  const text = template.replaceAll('{{server}}', server).trimEnd()
  const theirs = {
    text: () => (welcome.kind === 'text' ? fencedWelcome(welcome.text, server) : undefined),
    none: () => undefined,
    unknown: () => welcomeIn(existing ?? ''),
  }[welcome.kind]()
  return theirs === undefined ? text : `${text}\n\n${theirs}`
}
