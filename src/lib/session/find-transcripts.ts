import type {FileFacts, Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import {projectFolderTest} from './project-folders.js'

/** One transcript file that may belong to the workspace. */
export interface TranscriptFile {
  /** The file's stem. */
  sessionId: string
  /** Relative to the transcripts folder. */
  path: string
  sizeBytes: number
  mtimeMs: number
}

export interface TranscriptSearch {
  /** The transcripts folder. */
  transcripts: Files
  folders: Folders
  /** Every spelling of the workspace's path. */
  workspacePaths: readonly string[]
}

const SUFFIX = '.jsonl'

/**
 * Transcripts in project folders whose name fits, oldest first. Folders that are links out of the
 * transcripts folder are passed over: nothing outside is read.
 */
export async function findTranscripts(
  {transcripts, folders, workspacePaths}: TranscriptSearch,
  signal?: AbortSignal,
): Promise<TranscriptFile[]> {
  const fits = projectFolderTest(workspacePaths)
  const root = await folders.realPath(transcripts.root)
  const found: TranscriptFile[] = []
  for (const folder of (await transcripts.list('.')).filter(fits)) {
    signal?.throwIfAborted()
    const path = transcripts.absolute(folder)
    if (!isInside(await folders.realPath(path), root)) continue
    if ((await folders.kindOf(path)) === 'folder')
      found.push(...(await listFolder(transcripts, folder)))
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1))
}

/** Asked right before a file is read: a regular file below the transcripts folder, links resolved. */
export async function isOwnTranscript(
  {transcripts, folders}: Pick<TranscriptSearch, 'transcripts' | 'folders'>,
  path: string,
): Promise<boolean> {
  const absolute = transcripts.absolute(path)
  const root = await folders.realPath(transcripts.root)
  if (!isInside(await folders.realPath(absolute), root)) return false
  return (await folders.kindOf(absolute)) === 'file'
}

async function listFolder(transcripts: Files, folder: string): Promise<TranscriptFile[]> {
  const names = (await transcripts.list(folder)).filter((name) => name.endsWith(SUFFIX))
  const facts = await transcripts.statMany(names.map((name) => `${folder}/${name}`))
  return names
    .map((name) => [name, facts.get(`${folder}/${name}`)] as const)
    .filter((pair): pair is [string, FileFacts] => pair[1] !== undefined && !pair[1].isDirectory)
    .map(([name, {sizeBytes, mtimeMs}]) => ({
      sessionId: name.slice(0, -SUFFIX.length),
      path: `${folder}/${name}`,
      sizeBytes,
      mtimeMs,
    }))
}

function isInside(path: string, root: string): boolean {
  return path.startsWith(root) && /^[\\/]/.test(path.slice(root.length))
}
