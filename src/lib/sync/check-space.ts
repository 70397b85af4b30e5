import {bytesText} from '../cells/amount-text.js'
import {workspacePaths} from '../config/paths.js'
import {TooLargeError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {ItemOf} from './plan-model.js'

/** Left free beside the downloads, for the state, the catalog and the rest of the machine. */
const RESERVE_BYTES = 8 * 1024 * 1024

/** `TooLargeError` (code `disk_full`) with the numbers when the downloads cannot fit. */
export async function checkSpace(
  files: Files,
  downloads: readonly ItemOf<'download'>[],
): Promise<void> {
  const wholeBytes = downloads.reduce((sum, {bytes}) => sum + bytes, 0) + RESERVE_BYTES
  const freeBytes = await files.freeBytes()
  if (freeBytes >= wholeBytes) return
  const neededBytes = wholeBytes - (await bytesHereAlready(files, downloads))
  if (freeBytes >= neededBytes) return
  throw new TooLargeError(
    `Not enough free space: the downloads need ${bytesText(neededBytes)}, the disk has ${bytesText(freeBytes)}.`,
    {
      code: 'disk_full',
      hint: 'Free some space, or fetch single tables with `agnes pull --table NAME`. Nothing was downloaded.',
      details: {
        neededBytes,
        freeBytes,
        tables: downloads.slice(0, 20).map(({name, bytes}) => ({name, bytes})),
      },
    },
  )
}

/** What an interrupted run left on disk of these downloads, by the partials' journals. */
async function bytesHereAlready(
  files: Files,
  downloads: readonly ItemOf<'download'>[],
): Promise<number> {
  const present = new Set(await files.list(workspacePaths.partials))
  let sum = 0
  for (const {hash, sizeBytes} of downloads.flatMap(({fetches}) => fetches)) {
    if (hash === null || !present.delete(`${hash}.json`)) continue
    const journal = await files.readText(`${workspacePaths.partials}/${hash}.json`)
    sum += Math.min(doneBytes(journal ?? ''), sizeBytes ?? 0)
  }
  return sum
}

function doneBytes(journal: string): number {
  try {
    const {done} = JSON.parse(journal) as {done: [number, number][]}
    const sum = done.reduce((total, [start, end]) => total + Math.max(0, end - start), 0)
    return Number.isFinite(sum) ? sum : 0
  } catch {
    // A journal cut off by a crash is worth nothing to the download either.
    return 0
  }
}
