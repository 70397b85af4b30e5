import {isAbsolute, relative} from 'node:path'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'

/** The text of somebody's file, or why it must not be rewritten. */
export type OwnedText =
  {kind: 'text'; text: string | undefined} | {kind: 'unusable'; reason: string}

/** A file of the analyst that we edit in part: links are followed only inside the workspace, the mode stays. */
export interface OwnedFile {
  /** `text` is `undefined` when there is no such file. */
  read(): Promise<OwnedText>
  write(text: string): Promise<void>
  /** Writes a neighbour whose name is this file's plus `suffix`. */
  writeBeside(suffix: string, text: string): Promise<void>
}

/** @param path relative to the workspace, whose root is a real path. */
export async function openOwnedFile(
  {workspace, folders}: {workspace: Files; folders: Folders},
  path: string,
): Promise<OwnedFile> {
  const real = await folders.realPath(workspace.absolute(path))
  const mode = await folders.modeOf(real)
  const options = mode === undefined ? {} : {mode}
  const below = relative(workspace.root, real)
  const isInside = !below.startsWith('..') && !isAbsolute(below)
  return {
    async read() {
      if (!isInside)
        return {kind: 'unusable', reason: `it is a link to ${real}, outside the workspace`}
      if ((await folders.kindOf(real)) === 'folder')
        return {kind: 'unusable', reason: 'it is a folder'}
      const text = await workspace.readText(real)
      // What is not UTF-8 would not survive being written back.
      if (text?.includes('\uFFFD') || text?.includes('\u0000'))
        return {kind: 'unusable', reason: 'it is not UTF-8 text'}
      return {kind: 'text', text}
    },
    write: (text) => workspace.writeAtomic(real, text, options),
    writeBeside: (suffix, text) => workspace.writeAtomic(real + suffix, text, options),
  }
}
