import {mkdtemp, realpath} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {TestProject} from 'vitest/node'
import {removeFolder} from './temp-dir.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for what several test files copy and one of them makes; removed after the last. */
    madeOnce: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'agnes-test-made-')))
  project.provide('madeOnce', folder)
  return () => removeFolder(folder)
}
