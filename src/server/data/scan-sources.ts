import {toAgnesError} from '../../lib/errors.js'
import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import type {PublishedTable} from '../model.js'
import {naiveIso} from '../times.js'
import {openFileHashes, type FileHashes} from './file-hashes.js'
import {findDataFiles} from './find-data-files.js'
import type {DataStoreDeps} from './open-data-store.js'
import {readExtract, type Extract, type ExtractedTable} from './read-extract.js'
import {resolveRemotes} from './resolve-remotes.js'
import type {RemoteSource} from './remote-source.js'
import {rollupHash} from './rollup-hash.js'
import {isSafeTableName, tableId} from './table-name.js'

export interface ScannedSource {
  /** The folder's name below `extracts/`. */
  name: string
  /** Sorted by name. */
  tables: PublishedTable[]
  remote: RemoteSource
}

/**
 * Every source, sorted by folder name. One that cannot be read now, because its extractor holds it open
 * or it is damaged, keeps what `previous` knew of it.
 */
export async function scanSources(
  deps: DataStoreDeps,
  previous: readonly ScannedSource[],
  signal?: AbortSignal,
): Promise<ScannedSource[]> {
  const hashes = await openFileHashes(deps.files, deps.logger)
  const open = () => deps.warehouse.open({path: ':memory:', access: 'write', threads: 1})
  let session: WarehouseSession | undefined
  const sources: ScannedSource[] = []
  try {
    for (const name of await deps.files.list('extracts')) {
      signal?.throwIfAborted()
      if (name.startsWith('.') || !(await deps.files.stat(`extracts/${name}/extract.duckdb`)))
        continue
      try {
        session ??= await open()
        sources.push(await scanSource(deps, {name, hashes, session}, signal))
      } catch (error) {
        // A damaged file may have damaged the session.
        await session?.close()
        session = undefined
        if (signal?.aborted) throw error
        const {code, message} = toAgnesError(error)
        const known = previous.find((source) => source.name === name)
        deps.logger.error('server.source_unreadable', {
          source: name,
          code,
          message,
          kept: known !== undefined,
        })
        if (known) sources.push(known)
      }
    }
  } finally {
    await session?.close()
  }
  await hashes.save()
  return sources
}

async function scanSource(
  deps: DataStoreDeps,
  {name, hashes, session}: {name: string; hashes: FileHashes; session: WarehouseSession},
  signal?: AbortSignal,
): Promise<ScannedSource> {
  const folder = `extracts/${name}`
  const extract = await readExtract(
    session,
    deps.files.absolute(`${folder}/extract.duckdb`),
    signal,
  )
  const tables: PublishedTable[] = []
  for (const row of extract.tables) {
    if (isSafeTableName(row.name))
      tables.push(await publish(deps, {row, source: name, hashes}, signal))
    else deps.logger.warn('server.table_name_unsafe', {source: name, table: row.name})
  }
  const hasRemote = tables.some(({queryMode}) => queryMode === 'remote')
  const remote = await resolveRemotes(
    deps,
    {source: name, remotes: hasRemote ? extract.remotes : [], views: extract.views},
    signal,
  )
  return {name, tables: tables.map((table) => inEngine(table, {extract, remote})), remote}
}

/** What lies in BigQuery is of that source, whatever the folder is called, unless the extractor says otherwise. */
function inEngine(
  table: PublishedTable,
  {extract, remote}: {extract: Extract; remote: RemoteSource},
): PublishedTable {
  const isSaid = extract.tables.some(({name, sourceType}) => name === table.name && sourceType)
  const isThere = table.queryMode === 'remote' && remote.bigQuery?.paths.has(table.name)
  return isThere && !isSaid ? {...table, sourceType: 'bigquery'} : table
}

async function publish(
  deps: DataStoreDeps,
  {row, source, hashes}: {row: ExtractedTable; source: string; hashes: FileHashes},
  signal?: AbortSignal,
): Promise<PublishedTable> {
  const table: PublishedTable = {
    id: tableId(row.name),
    name: row.name,
    source,
    sourceType: row.sourceType ?? source,
    description: row.description,
    queryMode: row.queryMode,
    serverOnly: row.serverOnly,
    rows: row.rows,
    sizeBytes: row.sizeBytes,
    hash: null,
    updated: row.extractedAt,
    file: null,
    mtimeMs: null,
    parts: null,
    partitionBy: row.partitionBy,
    clusteredBy: row.clusteredBy,
  }
  if (row.queryMode === 'remote') return {...table, hash: ''}
  return withFiles(deps, {table, hashes}, signal)
}

async function withFiles(
  {files, logger}: DataStoreDeps,
  {table, hashes}: {table: PublishedTable; hashes: FileHashes},
  signal?: AbortSignal,
): Promise<PublishedTable> {
  const found = await findDataFiles(files, `extracts/${table.source}/data`, table.name)
  if (found.kind === 'none') {
    if (table.queryMode === 'local')
      logger.warn('server.table_without_data', {source: table.source, table: table.name})
    return {...table, rows: null, sizeBytes: null, updated: null}
  }
  if (found.kind === 'file') {
    if (found.shadowed !== null)
      logger.warn('server.table_has_two_layouts', {used: found.path, ignored: found.shadowed})
    const {md5, sizeBytes, mtimeMs} = await hashes.of(found.path, signal)
    const updated = table.updated ?? naiveIso(mtimeMs)
    return {...table, hash: md5, sizeBytes, mtimeMs, updated, file: files.absolute(found.path)}
  }
  for (const part of found.ignored)
    logger.warn('server.part_name_unsafe', {table: table.name, part})
  const parts = []
  let latestMs = 0
  for (const {path, file} of found.parts) {
    const {md5, sizeBytes, mtimeMs} = await hashes.of(file, signal)
    parts.push({path, file: files.absolute(file), md5, sizeBytes, mtimeMs})
    latestMs = Math.max(latestMs, mtimeMs)
  }
  return {
    ...table,
    hash: rollupHash(parts),
    sizeBytes: parts.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0),
    updated: table.updated ?? naiveIso(latestMs),
    parts,
    partitionBy: table.partitionBy ?? hiveKey(parts[0]?.path ?? ''),
  }
}

/** The first `key=value` folder of a part path names the partition column. */
function hiveKey(path: string): string | null {
  return /^([A-Za-z0-9_]+)=[^/]*\//.exec(path)?.[1] ?? null
}
