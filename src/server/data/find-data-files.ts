import type {Files} from '../../lib/ports/files.js'
import {byPath} from './rollup-hash.js'
import {isSafePartPath} from './table-name.js'

/** The Parquet files of one table, relative to the server folder. */
export type DataFiles =
  | {kind: 'file'; path: string; shadowed: string | null}
  | {kind: 'parts'; folder: string; parts: {path: string; file: string}[]; ignored: string[]}
  | {kind: 'none'}

/**
 * `data/<table>.parquet`, else every `.parquet` below `data/<table>/`. With both there the single file
 * wins, as on the reference server; `shadowed` names the folder so that somebody can be told.
 */
export async function findDataFiles(
  files: Files,
  dataFolder: string,
  table: string,
): Promise<DataFiles> {
  const path = `${dataFolder}/${table}.parquet`
  const folder = `${dataFolder}/${table}`
  const facts = await files.stat(path)
  const hasFolder = (await files.stat(folder))?.isDirectory ?? false
  if (facts && !facts.isDirectory) return {kind: 'file', path, shadowed: hasFolder ? folder : null}
  if (!hasFolder) return {kind: 'none'}
  const found = await parquetBelow(files, folder)
  const parts = found
    .filter(isSafePartPath)
    .map((part) => ({path: part, file: `${folder}/${part}`}))
  if (parts.length === 0) return {kind: 'none'}
  return {
    kind: 'parts',
    folder,
    parts: parts.sort(byPath),
    ignored: found.filter((part) => !isSafePartPath(part)),
  }
}

/** Paths of Parquet files below `folder`, relative to it; hidden files and folders are left out. */
export async function parquetBelow(files: Files, folder: string, below = ''): Promise<string[]> {
  const found: string[] = []
  for (const name of await files.list(below === '' ? folder : `${folder}/${below}`)) {
    if (name.startsWith('.')) continue
    const path = below === '' ? name : `${below}/${name}`
    const facts = await files.stat(`${folder}/${path}`)
    if (facts?.isDirectory) found.push(...(await parquetBelow(files, folder, path)))
    else if (name.endsWith('.parquet')) found.push(path)
  }
  return found
}
