import {dirname, join, relative, sep} from 'node:path'
import {UsageError} from '../errors.js'
import type {Folders} from '../ports/folders.js'

export interface CheckFolderInput {
  /** Absolute. */
  path: string
  folders: Folders
  home: string
  /** Folders for temporary files, as the system names them. */
  temporary: readonly string[]
  /** Where our own settings live. */
  configDir: string
  isWorkspace: (path: string) => Promise<boolean>
}

/** Parts of a workspace that hold data: a workspace inside them would be mistaken for it. */
const DATA_FOLDERS = ['server', 'user', '.claude']

/**
 * The real path of a folder that may become a workspace. `UsageError` for a file, the home folder and
 * what is above it, a drive, a temporary folder itself, and the inside of another workspace's data.
 */
export async function checkFolder(input: CheckFolderInput): Promise<string> {
  const {folders, path} = input
  const real = await folders.realPath(path)
  await refuseFile(folders, real)
  const home = await folders.realPath(input.home)
  if (real === home) throw refused(path, 'is your home folder', home)
  if (dirname(real) === real) throw refused(path, 'is the root of a drive', home)
  if (isAbove(real, home)) throw refused(path, 'holds the home folders', home)
  for (const temporary of input.temporary)
    if (real === (await folders.realPath(temporary)))
      throw refused(path, 'is a folder for temporary files', home)
  if (real === (await folders.realPath(input.configDir)))
    throw refused(path, 'holds the settings of agnes', home)
  for (let above = dirname(real); ; above = dirname(above)) {
    const [first = ''] = relative(above, real).split(sep)
    if (DATA_FOLDERS.includes(first) && (await input.isWorkspace(above)))
      throw refused(path, `belongs to the workspace ${above}`, home)
    if (above === dirname(above)) return real
  }
}

/** A path whose nearest existing part is not a folder cannot become one. */
async function refuseFile(folders: Folders, path: string): Promise<void> {
  for (let part = path; ; part = dirname(part)) {
    const kind = await folders.kindOf(part)
    if (kind === 'folder') return
    if (kind !== 'missing')
      throw new UsageError(`${part} is a file, so no workspace can be made there.`, {
        code: 'not_a_folder',
        hint: 'Name a folder: agnes init DIR --server-url URL',
        details: {path: part},
      })
    if (dirname(part) === part) return
  }
}

function isAbove(folder: string, path: string): boolean {
  const below = relative(folder, path)
  return below !== '' && !below.startsWith('..') && below !== path
}

function refused(path: string, why: string, home: string): UsageError {
  const example = join(home, 'agnes')
  return new UsageError(`${path} ${why}, so it cannot be a workspace.`, {
    code: 'unsuitable_folder',
    hint: `Give it a folder of its own, for example: agnes init ${example} --server-url URL`,
    details: {path},
  })
}
