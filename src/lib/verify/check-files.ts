import pLimit from 'p-limit'
import type {Files} from '../ports/files.js'
import type {OnProgress} from '../ports/progress.js'
import type {InstalledFile, InstalledTable} from '../sync/sync-state.js'
import type {FileProblem} from './verify-report.js'

/** Reading more files at once than this makes a disk slower, not faster. */
const PARALLEL_FILES = 4

/** Compares every byte of the tables' files with what was installed. */
export async function checkFiles(
  {files, onProgress}: {files: Files; onProgress: OnProgress},
  tables: readonly InstalledTable[],
  signal?: AbortSignal,
): Promise<FileProblem[]> {
  const limit = pLimit(PARALLEL_FILES)
  const problems = await Promise.all(
    tables.map(async (table) => {
      onProgress({kind: 'start', id: table.name, title: table.name, totalBytes: bytesOf(table)})
      let doneBytes = 0
      const found = await Promise.all(
        table.files.map((file) =>
          limit(async () => {
            signal?.throwIfAborted()
            const problem = await checkFile(files, file, signal)
            doneBytes += Math.max(0, file.sizeBytes)
            onProgress({kind: 'advance', id: table.name, doneBytes})
            return problem && {table: table.name, ...problem}
          }),
        ),
      )
      const broken = found.filter((problem) => problem !== undefined)
      onProgress({kind: 'end', id: table.name, outcome: broken.length > 0 ? 'failed' : 'done'})
      return broken
    }),
  )
  return problems.flat()
}

async function checkFile(
  files: Files,
  {path, sizeBytes, md5}: InstalledFile,
  signal?: AbortSignal,
): Promise<Omit<FileProblem, 'table'> | undefined> {
  const facts = await files.stat(path)
  const problem = (kind: FileProblem['kind'], foundBytes: number | null) => ({
    path,
    kind,
    expectedBytes: sizeBytes,
    foundBytes,
    isRepaired: false,
  })
  if (!facts || facts.isDirectory) return problem('missing', null)
  // A negative size is one that the reference client did not note.
  if (sizeBytes >= 0 && facts.sizeBytes !== sizeBytes)
    return problem(facts.sizeBytes < sizeBytes ? 'truncated' : 'changed', facts.sizeBytes)
  if (md5 === '' || (await files.md5(path, signal)) === md5) return undefined
  return problem('changed', facts.sizeBytes)
}

export function bytesOf({files}: InstalledTable): number {
  return files.reduce((sum, {sizeBytes}) => sum + Math.max(0, sizeBytes), 0)
}
