import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'

/** The config folder, and how others are kept out while a file of it is read and written again. */
export interface ConfigFolder {
  config: Files
  lockAt(root: string, path: string): Lock
}

const WAIT_MS = 30_000

/**
 * Of two that read a file, change it and write it at once, one would lose its change. Not to be nested for
 * the same file. `BusyError` after 30 s.
 */
export function oneAtATime<T>(
  {config, lockAt}: ConfigFolder,
  file: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const lock = lockAt(config.root, file.replace(/\.\w+$/, '.lock'))
  return lock.hold({waitMs: WAIT_MS, command: 'agnes'}, work, signal)
}
