import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'

/** Removes a folder in which a process that is just ending may still write. */
export function removeFolder(path: string): Promise<void> {
  return rm(path, {recursive: true, force: true, maxRetries: 20, retryDelay: 50})
}

/** A new empty folder, removed when the test ends. */
export async function tempDir(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'agnes-test-')))
  onTestFinished(() => removeFolder(path))
  return path
}
