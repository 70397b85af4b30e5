import {createHash} from 'node:crypto'
import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {openOwnedFile} from './owned-file.js'
import type {WrittenFile} from './write-workspace.js'

/** Files of `templates/commands`, each a slash command of that name. */
const COMMANDS = ['agnes-private.md', 'update-agnes-plugins.md']

/**
 * The second line of a file that we wrote, a comment of its front matter: the hash of all the rest. A
 * file whose rest has another hash was edited, and is the analyst's from then on.
 */
const MARK = /^---\n# agnes:managed ([0-9a-f]{16})\n/

export interface CommandFiles {
  workspace: Files
  /** Rooted at the installed package. */
  packageFiles: Files
  folders: Folders
}

/** Writes what is missing or older; what the analyst wrote or edited stays and is reported as `left`. */
export function installSlashCommands(files: CommandFiles): Promise<WrittenFile[]> {
  return inOrder(async (name) => {
    const {path, file, current} = await open(files, name)
    if (current.kind === 'unusable') return {path, action: 'left', reason: current.reason}
    const template = await files.packageFiles.readText(`templates/commands/${name}`)
    const wanted = marked(template ?? '')
    if (current.text !== undefined && isSame(current.text, wanted))
      return {path, action: 'unchanged', reason: null}
    if (current.text !== undefined && !isOurs(current.text))
      return {path, action: 'left', reason: 'it is yours; remove it to have that of agnes'}
    await file.write(wanted)
    return {path, action: current.text === undefined ? 'created' : 'updated', reason: null}
  })
}

/** Removes the files that are as we wrote them. `removed: false` with a reason for the others. */
export async function removeSlashCommands(
  files: CommandFiles,
): Promise<{path: string; removed: boolean; reason: string | null}[]> {
  const all = await inOrder(async (name) => {
    const {path, current} = await open(files, name)
    if (current.kind === 'unusable') return {path, removed: false, reason: current.reason}
    if (current.text === undefined) return undefined
    if (!isOurs(current.text)) return {path, removed: false, reason: 'it is yours'}
    await files.workspace.remove(path)
    return {path, removed: true, reason: null}
  })
  return all.filter((outcome) => outcome !== undefined)
}

async function open(files: CommandFiles, name: string) {
  const path = `${workspacePaths.commands}/${name}`
  const file = await openOwnedFile(files, path)
  return {path, file, current: await file.read()}
}

async function inOrder<T>(work: (name: string) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  for (const name of COMMANDS) done.push(await work(name))
  return done
}

function marked(template: string): string {
  return template.replace(/^---\n/, `---\n# agnes:managed ${hashOf(template)}\n`)
}

/** True for a file whose mark fits the rest of it, whatever its line ends became. */
function isOurs(text: string): boolean {
  const plain = text.replaceAll('\r\n', '\n')
  return MARK.exec(plain)?.[1] === hashOf(plain.replace(MARK, '---\n'))
}

function isSame(text: string, wanted: string): boolean {
  return text.replaceAll('\r\n', '\n') === wanted
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
