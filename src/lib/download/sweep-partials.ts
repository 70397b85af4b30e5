import {workspacePaths} from '../config/paths.js'
import type {Files} from '../ports/files.js'

/**
 * Removes the partials nobody needs any more, with their journals, and whatever else a killed run left
 * in their folder. `keepHashes` are the content hashes still wanted. Only while no download runs (with
 * the pull lock held).
 */
export async function sweepPartials(files: Files, keepHashes: ReadonlySet<string>): Promise<void> {
  const names = await files.list(workspacePaths.partials)
  const present = new Set(names)
  const isWanted = (name: string) => {
    const match = /^([0-9a-f]{32})(?:-\d+)?\.(part|json)$/.exec(name)
    if (!match || !keepHashes.has(match[1] ?? '')) return false
    // Neither half is of any use without the other.
    const other =
      match[2] === 'part' ? name.replace(/part$/, 'json') : name.replace(/json$/, 'part')
    return present.has(other)
  }
  const unwanted = names.filter((name) => !isWanted(name))
  for (const name of unwanted) await files.remove(`${workspacePaths.partials}/${name}`)
  if (names.length > 0 && unwanted.length === names.length)
    await files.remove(workspacePaths.partials)
}
