import {sep} from 'node:path'
import {workspacePaths} from '../config/paths.js'
import {UsageError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {readDefaultPrivate} from './default-private.js'

/**
 * Which sessions never leave the machine. `.claude/agnes-sessions-private.txt` (one id a line, shared
 * with the reference client) decides; where it cannot be read, nobody may send anything.
 */
export interface SessionPrivacy {
  /** Sessions are private unless marked public. */
  isDefaultPrivate: boolean
  /** @param sessionIds the transcript's own id and those named inside it. */
  isPrivate(sessionIds: readonly string[]): boolean
}

export interface PrivacySource {
  workspace: Files
  folders: Folders
  /** The config folder. */
  config: Files
}

export async function readPrivacy(source: PrivacySource): Promise<SessionPrivacy> {
  const isDefaultPrivate = await readDefaultPrivate(source)
  const privateIds = new Set(
    (await readIdRows(source, workspacePaths.privateSessions)).map(comparableId),
  )
  const publicIds = isDefaultPrivate
    ? await readIds(source, workspacePaths.publicSessions)
    : undefined
  return {
    isDefaultPrivate,
    isPrivate(sessionIds) {
      const ids = sessionIds.map(comparableId)
      if (ids.some((id) => privateIds.has(id))) return true
      return publicIds !== undefined && !ids.some((id) => publicIds.has(id))
    },
  }
}

/**
 * Rows of a list, in file order, usually one id each; `[]` when there is no such file.
 * @throws UsageError `private_list_unreadable` whenever it is there and its content is not certain
 */
export async function readIdRows(
  {workspace, folders}: Omit<PrivacySource, 'config'>,
  path: string,
): Promise<string[]> {
  const [folder, name] = splitPath(path)
  const real = await folders.realPath(workspace.absolute(path))
  const root = await folders.realPath(workspace.root)
  if (!real.startsWith(root + sep)) throw unreadable(path, 'it is a link that leaves the workspace')
  let text: string | undefined
  try {
    text = await workspace.readText(path)
    // A link to nothing reads like no file at all.
    if (text === undefined && (await workspace.list(folder)).includes(name))
      throw unreadable(path, 'it is a link to nothing')
  } catch (error) {
    throw error instanceof UsageError && error.code === 'private_list_unreadable'
      ? error
      : unreadable(path, 'it cannot be opened', error)
  }
  if (text === undefined) return []
  if (text.includes('\uFFFD') || text.includes('\u0000'))
    throw unreadable(path, 'it is not UTF-8 text')
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The form in which ids are compared: a list typed by hand may differ in case. */
export function comparableId(id: string): string {
  return id.trim().toLowerCase()
}

/** The whole row, and its first word where it has more: rather one session too many is private. */
export function idsOfRow(row: string): string[] {
  return [comparableId(row), comparableId(row.split(/\s/)[0] ?? row)]
}

async function readIds(source: PrivacySource, path: string): Promise<ReadonlySet<string>> {
  return new Set((await readIdRows(source, path)).flatMap(idsOfRow))
}

function splitPath(path: string): [string, string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

function unreadable(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`The list of private sessions ${path} cannot be relied on: ${why}.`, {
    code: 'private_list_unreadable',
    hint: 'Nothing is sent until it can be read. Repair the file (one session id a line), or remove it.',
    details: {path, why},
    ...(cause === undefined ? {} : {cause}),
  })
}
