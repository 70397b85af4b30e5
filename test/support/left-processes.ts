import {readdir, readFile, readlink} from 'node:fs/promises'
import {expect, vi} from 'vitest'

/**
 * Waits for everything that was started in a folder and goes on after its parent: the push of a session
 * end, a pull a session start handed over. They write there until they are through, so the folder cannot
 * be removed before. Fails with their command lines when they stay. Knows nothing where there is no /proc.
 */
export async function untilAllHaveLeft(folder: string): Promise<void> {
  const look = async () => expect(await workingIn(folder)).toEqual([])
  await vi.waitFor(look, {timeout: 60_000, interval: 50})
}

async function workingIn(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const id of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(id)) continue
    // It may have ended since.
    const cwd = await readlink(`/proc/${id}/cwd`).catch(() => '')
    if (cwd !== folder && !cwd.startsWith(`${folder}/`)) continue
    const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    // One that has ended and was not waited for yet has no line.
    if (line !== '') found.push(line.replaceAll('\0', ' ').trim())
  }
  return found
}
