import {identifier, literal} from '../catalog/table-source.js'
import {temporaryDirectory} from '../config/paths.js'
import {QueryError} from '../errors.js'
import type {Column, WarehouseSession} from '../ports/warehouse.js'
import {TableBinder} from '../query/bind-tables.js'
import {openQuerySession} from '../query/query-session.js'
import type {Discovery} from './open-discovery.js'

/** A table of this computer, open for reading in the locked session every query runs in. */
export interface OpenTable {
  session: WarehouseSession
  columns: readonly Column[]
  /** Its name as SQL. */
  sql: string
  source: LocalSource
}

/** `pulled`: all of a table; `snapshot`: a kept part of one; `own`: the analyst's table or view. */
export type LocalSource = 'pulled' | 'snapshot' | 'own'

/**
 * Lends the table that a query of this name would read: pulled, a snapshot, or one of the analyst's own.
 * `undefined` when there is none. `IntegrityError` when its files are not what was verified.
 */
export async function withLocalTable<T>(
  name: string,
  discovery: Discovery,
  work: (table: OpenTable) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const {tablesAt, state, surroundings, notices} = discovery
  if (!tablesAt) return undefined
  const {env, random, folders, warehouse} = surroundings
  const {session, hasCatalog, catalogError} = await openQuerySession(
    {workspace: tablesAt, folders, warehouse: () => warehouse()},
    {
      memoryLimitMb: env.queryMemoryMb,
      threads: env.queryThreads,
      tempDirectory: `${temporaryDirectory()}/agnes-query-${random.hex(8)}`,
      allowedFiles: [],
      state,
    },
  )
  try {
    const binder = new TableBinder(tablesAt, session, {state, hasCatalog})
    await binder.bind([{schema: null, name}], signal)
    const sql = identifier(name)
    const columns = await columnsOf(session, sql, signal)
    if (columns === undefined) {
      if (catalogError) notices.push(`Your own tables are left out: ${catalogError.message}`)
      return undefined
    }
    const source = await sourceOf(name, binder, session)
    const result = await work({session, columns, sql, source})
    await binder.assertWhole()
    notices.push(...binder.notices)
    return result
  } finally {
    await session.close()
  }
}

/** What was bound is a temporary view; the analyst's own objects are left where they are. */
async function sourceOf(
  name: string,
  {tables}: TableBinder,
  session: WarehouseSession,
): Promise<LocalSource> {
  const folded = name.toLowerCase()
  const bound = await session.rows(
    `SELECT 1 FROM duckdb_views() WHERE temporary AND lower(view_name) = ${literal(folded)}`,
  )
  if (bound.length === 0) return 'own'
  return tables.some((table) => table.name.toLowerCase() === folded) ? 'pulled' : 'snapshot'
}

async function columnsOf(
  session: WarehouseSession,
  sql: string,
  signal: AbortSignal,
): Promise<readonly Column[] | undefined> {
  try {
    const {columns, batches} = await session.stream(`SELECT * FROM ${sql} LIMIT 0`, [], signal)
    for await (const _batch of batches) continue
    return columns
  } catch (error) {
    if (error instanceof QueryError && typeof error.details.missingTable === 'string')
      return undefined
    throw error
  }
}
