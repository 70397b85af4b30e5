import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'

/** A new empty folder, removed when the test ends. */
export async function tempDir(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'agnes-test-')))
  onTestFinished(() => rm(path, {recursive: true, force: true}))
  return path
}
