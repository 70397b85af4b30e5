import {constants} from 'node:fs'
import {copyFile} from 'node:fs/promises'
import {dirname} from 'node:path'
import {IntegrityError, QueryError} from '../../lib/errors.js'
import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import {quoteText} from '../engine/scan-sql.js'
import type {DataStoreDeps} from './open-data-store.js'
import type {PlannedTable} from './plan-extract.js'
import {isSafePartPath} from './table-name.js'

/** A session for `writeTableData`, which sees the server folder and nothing else of the disk. */
export function openWriter({warehouse, files}: DataStoreDeps): Promise<WarehouseSession> {
  return warehouse.open({path: ':memory:', access: 'write', allowedDirectories: [files.root]})
}

/**
 * Writes the data of one planned table below `dataFolder` and returns its row count. Everything is made
 * under a hidden name, checked, then renamed: the old data stays until the new is whole.
 */
export async function writeTableData(
  deps: DataStoreDeps,
  {
    session,
    table,
    dataFolder,
  }: {session: WarehouseSession; table: PlannedTable; dataFolder: string},
  signal?: AbortSignal,
): Promise<number> {
  const building = `${dataFolder}/.${table.name}.${deps.random.hex(4)}`
  const target = `${dataFolder}/${table.name}${table.format === 'parts' ? '' : '.parquet'}`
  await deps.files.createFolder(dataFolder)
  try {
    const rows =
      table.format === 'parts'
        ? await copyParts(deps, {session, table, building}, signal)
        : await buildFile(deps, {session, table, building}, signal)
    if (table.format === 'parts') await deps.files.remove(target)
    await deps.files.install(building, target)
    return rows
  } finally {
    await deps.files.remove(building)
  }
}

interface Building {
  session: WarehouseSession
  table: PlannedTable
  building: string
}

async function buildFile(
  deps: DataStoreDeps,
  {session, table, building}: Building,
  signal?: AbortSignal,
): Promise<number> {
  const from = deps.files.absolute(table.path)
  const to = deps.files.absolute(building)
  if (table.format === 'parquet') {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    return countRows(session, [to], signal)
  }
  try {
    await convert(session, {reader: readerOf(table, from, false), to}, signal)
  } catch (error) {
    // The first rows can look like numbers when a later one is not: look at all of them before giving up.
    if (!(error instanceof QueryError) || signal?.aborted) throw error
    await convert(session, {reader: readerOf(table, from, true), to}, signal)
  }
  return countRows(session, [to], signal)
}

function readerOf({format}: PlannedTable, from: string, wholeFile: boolean): string {
  const sample = wholeFile ? ', sample_size = -1' : ''
  return `${format === 'csv' ? 'read_csv' : 'read_json'}(${quoteText(from)}${sample})`
}

async function convert(
  session: WarehouseSession,
  {reader, to}: {reader: string; to: string},
  signal?: AbortSignal,
): Promise<void> {
  await session.run(
    `COPY (FROM ${reader}) TO ${quoteText(to)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
    [],
    signal,
  )
}

async function copyParts(
  deps: DataStoreDeps,
  {session, table, building}: Building,
  signal?: AbortSignal,
): Promise<number> {
  const copies: string[] = []
  for (const {path} of table.files) {
    const part = path.slice(table.path.length + 1)
    if (!isSafePartPath(part))
      throw new IntegrityError(`The part ${part} has a name that cannot be published.`, {
        code: 'unsafe_name',
      })
    const to = deps.files.absolute(`${building}/${part}`)
    await deps.files.createFolder(dirname(`${building}/${part}`))
    await copyFile(deps.files.absolute(path), to, constants.COPYFILE_FICLONE)
    copies.push(to)
  }
  return countRows(session, copies, signal)
}

/** Reads every footer, and so refuses what is not Parquet or does not fit together. */
async function countRows(
  session: WarehouseSession,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const list = `[${files.map(quoteText).join(', ')}]`
  const rows = await session.rows(
    `SELECT count(*) FROM read_parquet(${list}, union_by_name = true)`,
    [],
    signal,
  )
  return Number(rows[0]?.[0])
}
