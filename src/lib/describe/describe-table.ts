import {identifier} from '../catalog/table-source.js'
import {workspacePaths} from '../config/paths.js'
import {MissingError, QueryError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Cell, Column, WarehouseSession} from '../ports/warehouse.js'
import {TableBinder} from '../query/bind-tables.js'
import {missingTable} from '../query/missing-table.js'
import {
  openQuerySession,
  unreadableCatalog,
  type QueryLimits,
  type QuerySession,
  type QuerySessionDeps,
} from '../query/query-session.js'
import {readSyncState} from '../sync/sync-state.js'

/**
 * What a table on this computer is: its columns, its size and age from the sync state, a few of its rows.
 * Reads the same tables, under the same rules, as a query does; it asks no server.
 */
export interface TableDescription {
  /** As published, or as asked for where it is not a published table. */
  table: string
  /** `published`: pulled; `snapshot`: a kept part of a table; `own`: the analyst's table or view. */
  kind: 'published' | 'snapshot' | 'own'
  columns: {name: string; type: string}[]
  rowCount: bigint
  /** Of the files; `null` for the analyst's own. */
  sizeBytes: number | null
  /** Files the table is made of; `null` when it is not partitioned. */
  partitions: number | null
  /** The server's data time, as sent. */
  updated: string | null
  /** ISO 8601; `null` for anything but a published table. */
  pulledAt: string | null
  /** Since `pulledAt`. */
  ageMs: number | null
  /** Absolute. */
  workspace: string
}

export interface DescribedTable {
  description: TableDescription
  /** The first rows; types for whoever writes them. */
  sample: {columns: readonly Column[]; rows: Cell[][]}
  notices: readonly string[]
}

export interface DescribeDeps extends QuerySessionDeps {
  clock: Clock
}

/** `MissingError` (exit code 4) for a name that is no table here, with the way to its answer. */
export async function describeTable(
  request: {table: string; sampleRows: number; limits: QueryLimits},
  deps: DescribeDeps,
  signal: AbortSignal,
): Promise<DescribedTable> {
  const {state, damage} = await readSyncState(deps.workspace)
  const opened = await openQuerySession(deps, {...request.limits, allowedFiles: []})
  try {
    const {hasCatalog, session} = opened
    const binder = new TableBinder(deps.workspace, session, {state, hasCatalog})
    if (damage !== null) binder.notices.push(damage)
    const bound = await binder.bind([{schema: null, name: request.table}], signal)
    const sample = await readSample(request, {opened, binder}, signal)
    const facts = await factsOf(request.table, {binder, isBound: bound > 0}, deps)
    const rowCount = facts.rowCount ?? (await countRows(session, request.table, signal))
    const columns = sample.columns.map(({name, typeText}) => ({name, type: typeText}))
    const workspace = deps.workspace.root
    const description = {...facts, columns, rowCount, workspace}
    return {description, sample, notices: binder.notices}
  } finally {
    await opened.session.close()
  }
}

type Facts = Omit<TableDescription, 'columns' | 'rowCount' | 'workspace'> & {
  rowCount: bigint | null
}

async function factsOf(
  name: string,
  {binder, isBound}: {binder: TableBinder; isBound: boolean},
  {workspace, clock}: DescribeDeps,
): Promise<Facts> {
  const folded = name.toLowerCase()
  const table = binder.tables.find((bound) => bound.name.toLowerCase() === folded)
  const none = {partitions: null, updated: null, pulledAt: null, ageMs: null, rowCount: null}
  if (table)
    return {
      table: table.name,
      kind: 'published',
      rowCount: table.rows === null ? null : BigInt(table.rows),
      sizeBytes: table.sizeBytes,
      partitions: table.isPartitioned ? table.files.length : null,
      updated: table.updated,
      pulledAt: table.installedAt,
      ageMs: clock.now() - Date.parse(table.installedAt),
    }
  if (!isBound || binder.ownNames.has(folded))
    return {...none, table: name, kind: 'own', sizeBytes: null}
  const file = await workspace.stat(`${workspacePaths.snapshots}/${name}.parquet`)
  return {...none, table: name, kind: 'snapshot', sizeBytes: file?.sizeBytes ?? null}
}

async function readSample(
  {table, sampleRows}: {table: string; sampleRows: number},
  {opened, binder}: {opened: QuerySession; binder: TableBinder},
  signal: AbortSignal,
): Promise<DescribedTable['sample']> {
  try {
    const sql = `SELECT * FROM ${identifier(table)} LIMIT ${sampleRows}`
    const {columns, batches} = await opened.session.stream(sql, [], signal)
    const rows: Cell[][] = []
    for await (const batch of batches)
      for (let row = 0; row < batch.rowCount; row++)
        rows.push(batch.columns.map((cells) => cells[row]!))
    return {columns, rows}
  } catch (error) {
    if (!(error instanceof QueryError) || error.details.missingTable === undefined) throw error
    throw await notHere(table, error, {opened, binder})
  }
}

async function notHere(
  table: string,
  cause: QueryError,
  {opened, binder}: {opened: QuerySession; binder: TableBinder},
): Promise<Error> {
  const names: string[] = []
  for await (const name of binder.names()) names.push(name)
  const {code, hint, message, details} = missingTable(table, binder.state, {names, cause})
  if (code === 'table_not_found' && opened.catalogError)
    return unreadableCatalog(table, opened.catalogError)
  return new MissingError(message, {code, details, cause, ...(hint === undefined ? {} : {hint})})
}

async function countRows(
  session: WarehouseSession,
  table: string,
  signal: AbortSignal,
): Promise<bigint> {
  const [row] = await session.rows(`SELECT count(*) FROM ${identifier(table)}`, [], signal)
  return row![0] as bigint
}
