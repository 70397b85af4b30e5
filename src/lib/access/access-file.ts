import {basename, dirname, resolve} from 'node:path'
import {MissingError} from '../errors.js'
import type {Files} from '../ports/files.js'

export interface FileDeps {
  currentDir: string
  filesAt(root: string): Files
}

/** A file that a person named, whole; relative to where they are. */
export async function readNamedFile(
  path: string,
  what: string,
  {currentDir, filesAt}: FileDeps,
): Promise<string> {
  const absolute = resolve(currentDir, path)
  const text = await filesAt(dirname(absolute)).readText(basename(absolute))
  if (text !== undefined) return text
  throw new MissingError(`There is no file ${absolute}.`, {
    code: 'file_missing',
    hint: `Name ${what}.`,
    details: {path: absolute},
  })
}

/** Returns the absolute path. For nobody else's eyes: who may see what is nobody else's business. */
export async function writeNamedFile(
  path: string,
  text: string,
  {currentDir, filesAt}: FileDeps,
): Promise<string> {
  const absolute = resolve(currentDir, path)
  await filesAt(dirname(absolute)).writeAtomic(basename(absolute), text, {mode: 0o600})
  return absolute
}
