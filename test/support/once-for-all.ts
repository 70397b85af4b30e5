import {existsSync} from 'node:fs'
import {mkdtemp, rename} from 'node:fs/promises'
import {join} from 'node:path'
import {inject} from 'vitest'
import {removeFolder} from './temp-dir.js'

/** A folder that the first test file to need it fills, and all others find filled; to copy from only. */
export async function onceForAll(
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(inject('madeOnce'), name)
  if (existsSync(folder)) return folder
  const building = await mkdtemp(`${folder}-`)
  await fill(building)
  // Another file may have been faster.
  await rename(building, folder).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    await removeFolder(building)
  })
  return folder
}
