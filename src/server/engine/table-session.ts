import type {Warehouse, WarehouseSession} from '../../lib/ports/warehouse.js'
import type {RemoteSource} from '../data/remote-source.js'
import type {PublishedTable} from '../model.js'
import {RemoteUnavailable, TableWithoutData} from './engine-errors.js'
import {quoteName, quoteText} from './scan-sql.js'

export interface SessionLimits {
  memoryLimitMb: number
  threads?: number
  tempDirectory?: string
}

/**
 * A session that holds the given tables and nothing else: one view per table in an empty database, read
 * access to exactly their files, everything else of the disk and the network closed. What a statement
 * could not be kept from naming, it still cannot reach.
 */
export async function openTableSession(
  warehouse: Warehouse,
  {tables, remoteOf, limits}: TableSessionOptions,
): Promise<WarehouseSession> {
  const remotes = remoteSources(tables, remoteOf)
  const session = await warehouse.open({
    path: ':memory:',
    access: 'write',
    ...limits,
    allowedDirectories: limits.tempDirectory === undefined ? [] : [limits.tempDirectory],
    allowedFiles: tables.flatMap(filesOf),
    attach: attachments(remotes),
  })
  try {
    if (remotes.size > 0) await session.run('USE memory')
    for (const table of tables) {
      const body = viewBody(table)
      await session.run(`CREATE VIEW memory.main.${quoteName(table.name)} AS ${body}`)
    }
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

export interface TableSessionOptions {
  tables: readonly PublishedTable[]
  remoteOf: (table: PublishedTable) => RemoteSource | undefined
  limits: SessionLimits
}

/** The quoted name of a table's view. */
export function viewOf(table: PublishedTable): string {
  return `memory.main.${quoteName(table.name)}`
}

function filesOf(table: PublishedTable): string[] {
  if (table.file !== null) return [table.file]
  return (table.parts ?? []).map(({file}) => file)
}

function viewBody(table: PublishedTable): string {
  if (table.queryMode === 'remote')
    return `SELECT * FROM ${quoteName(catalogOf(table.source))}.main.${quoteName(table.name)}`
  const files = filesOf(table)
  if (files.length === 0) throw new TableWithoutData(table.name)
  const isHive = table.parts?.some(({path}) => path.includes('=')) ?? false
  const list = `[${files.map(quoteText).join(', ')}]`
  return `SELECT * FROM read_parquet(${list}, hive_partitioning = ${isHive}, union_by_name = true)`
}

function remoteSources(
  tables: readonly PublishedTable[],
  remoteOf: TableSessionOptions['remoteOf'],
): Map<string, RemoteSource> {
  const remotes = new Map<string, RemoteSource>()
  for (const table of tables) {
    if (table.queryMode !== 'remote') continue
    const remote = remoteOf(table)
    if (!remote) throw new TableWithoutData(table.name)
    if (remote.problem !== null) throw new RemoteUnavailable(table.name, remote.problem)
    remotes.set(table.source, remote)
  }
  return remotes
}

/** The databases of every source, and the extracts whose views name them. */
function attachments(remotes: ReadonlyMap<string, RemoteSource>) {
  const byName = new Map<string, {path: string; name: string; key?: string}>()
  for (const [source, remote] of remotes) {
    for (const {alias, file, key} of remote.attachments) {
      const taken = byName.get(alias.toLowerCase())
      if (taken && taken.path !== file)
        throw new RemoteUnavailable(
          source,
          `Two sources of this statement call their engine ${alias}.`,
        )
      byName.set(alias.toLowerCase(), {path: file, name: alias, ...(key === null ? {} : {key})})
    }
    byName.set(catalogOf(source), {path: remote.extractFile, name: catalogOf(source)})
  }
  return [...byName.values()]
}

function catalogOf(source: string): string {
  return `extract of ${source}`.toLowerCase()
}
