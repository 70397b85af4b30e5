import {z} from 'zod/mini'
import {toAgnesError} from '../../lib/errors.js'
import type {Files} from '../../lib/ports/files.js'
import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import {parquetBelow} from './find-data-files.js'
import type {DataStoreDeps} from './open-data-store.js'
import {formatOf, planExtract, type PlannedTable, type SourceFile} from './plan-extract.js'
import {writeExtract, type ExtractedFile} from './write-extract.js'
import {openWriter, writeTableData} from './write-table-data.js'

/**
 * Turns a folder of Parquet, CSV and JSON files into the source `extracts/local`, table by table and
 * only what changed. The files themselves are never written to. A table is replaced when its new data
 * is complete; the list of tables last of all.
 */
const SOURCE = 'extracts/local'
/** Says that the source is ours to rewrite, and what it was made of. */
const MARKER = `${SOURCE}/plain-folder.json`

const Entry = z.object({
  name: z.string(),
  path: z.string(),
  fingerprint: z.string(),
  rows: z.number(),
  extractedAt: z.string(),
})
const Marker = z.object({format: z.literal(1), tables: z.array(Entry)})

export async function extractPlainFolder(deps: DataStoreDeps, signal?: AbortSignal): Promise<void> {
  const {files} = deps
  const known = await readMarker(deps)
  const isOurs = known !== undefined || !(await files.stat('extracts'))
  if (!isOurs) return
  const planned = await planFolder(deps)
  if (planned.length === 0 && known === undefined) return
  await removeHidden(files)

  const tables = await extractTables(deps, {planned, known: known ?? []}, signal)
  if (known && JSON.stringify(known) === JSON.stringify(tables)) return
  await writeExtract(deps, {source: SOURCE, tables})
  await files.writeAtomic(MARKER, JSON.stringify({format: 1, tables}, null, 1) + '\n')
  await removeOrphans(files, new Set(tables.map(({name}) => name)))
}

async function extractTables(
  deps: DataStoreDeps,
  {planned, known}: {planned: readonly PlannedTable[]; known: readonly ExtractedFile[]},
  signal?: AbortSignal,
): Promise<ExtractedFile[]> {
  const tables: ExtractedFile[] = []
  let session: WarehouseSession | undefined
  try {
    for (const table of planned) {
      signal?.throwIfAborted()
      const old = known.find(({name, path}) => name === table.name && path === table.path)
      const isSame = old?.fingerprint === table.fingerprint
      if (isSame && (await hasData(deps.files, table))) {
        tables.push(old)
        continue
      }
      session ??= await openWriter(deps)
      const extracted = await extractTable(deps, {session, table, old}, signal)
      if (extracted) tables.push(extracted)
    }
  } finally {
    await session?.close()
  }
  return tables
}

async function extractTable(
  deps: DataStoreDeps,
  {
    session,
    table,
    old,
  }: {session: WarehouseSession; table: PlannedTable; old: ExtractedFile | undefined},
  signal?: AbortSignal,
): Promise<ExtractedFile | undefined> {
  try {
    const rows = await writeTableData(deps, {session, table, dataFolder: `${SOURCE}/data`}, signal)
    const extractedAt = new Date(deps.clock.now()).toISOString()
    deps.logger.info('server.table_extracted', {table: table.name, from: table.path, rows})
    return {name: table.name, path: table.path, fingerprint: table.fingerprint, rows, extractedAt}
  } catch (error) {
    if (signal?.aborted) throw error
    const {code, message} = toAgnesError(error)
    deps.logger.error('server.file_skipped', {
      file: table.path,
      code,
      message,
      kept: old !== undefined,
    })
    // The last good copy stays, under its old fingerprint, so that the next start tries again.
    return old && (await hasData(deps.files, table)) ? old : undefined
  }
}

async function hasData(files: Files, {name, format}: PlannedTable): Promise<boolean> {
  const path = `${SOURCE}/data/${name}${format === 'parts' ? '' : '.parquet'}`
  return (await files.stat(path)) !== undefined
}

async function planFolder({files, logger}: DataStoreDeps): Promise<PlannedTable[]> {
  const single: SourceFile[] = []
  const folders: {path: string; files: SourceFile[]}[] = []
  for (const name of await files.list('')) {
    if (name.startsWith('.') || ['extracts', 'state', 'uploads'].includes(name)) continue
    const facts = await files.stat(name)
    if (!facts?.isDirectory) {
      if (facts && formatOf(name)) single.push({path: name, ...sizeAndTime(facts)})
      continue
    }
    const parts = await parquetBelow(files, name)
    if (parts.length === 0) logger.info('server.folder_without_parquet', {folder: name})
    else folders.push({path: name, files: await withFacts(files, name, parts)})
  }
  return planExtract(single, folders)
}

async function withFacts(
  files: Files,
  folder: string,
  parts: readonly string[],
): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  for (const part of parts) {
    const facts = await files.stat(`${folder}/${part}`)
    if (facts) found.push({path: `${folder}/${part}`, ...sizeAndTime(facts)})
  }
  return found
}

function sizeAndTime({sizeBytes, mtimeMs}: {sizeBytes: number; mtimeMs: number}) {
  return {sizeBytes, mtimeMs}
}

/** `undefined` when the source is not ours or not there; a damaged marker of ours reads as "extract all". */
async function readMarker({files, logger}: DataStoreDeps): Promise<ExtractedFile[] | undefined> {
  const text = await files.readText(MARKER)
  if (text === undefined) return undefined
  try {
    return Marker.parse(JSON.parse(text)).tables
  } catch (error) {
    logger.warn('server.marker_unreadable', {
      file: MARKER,
      reason: String(error),
      effect: 'extracting again',
    })
    return []
  }
}

/** What an interrupted extraction left behind. */
async function removeHidden(files: Files): Promise<void> {
  for (const folder of [SOURCE, `${SOURCE}/data`])
    for (const name of await files.list(folder))
      if (name.startsWith('.')) await files.remove(`${folder}/${name}`)
}

async function removeOrphans(files: Files, names: ReadonlySet<string>): Promise<void> {
  for (const name of await files.list(`${SOURCE}/data`))
    if (!names.has(name.replace(/\.parquet$/, ''))) await files.remove(`${SOURCE}/data/${name}`)
}
