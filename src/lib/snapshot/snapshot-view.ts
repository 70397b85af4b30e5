import {createHash} from 'node:crypto'
import {isSnapshotView, planViews, snapshotMark, type CatalogObject} from '../catalog/plan-views.js'
import {identifier, literal} from '../catalog/table-source.js'
import {workspacePaths} from '../config/paths.js'
import {AgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Warehouse, WarehouseSession} from '../ports/warehouse.js'
import {parquetPath} from './snapshot-record.js'

export interface ViewDeps {
  files: Files
  warehouse: () => Promise<Warehouse>
}

/** `registered`; `shadowed` by the analyst's own table or view; else why the catalog could not be written. */
export interface ViewOutcome {
  state: 'registered' | 'shadowed' | 'behind'
  why: string | null
}

/** The view other tools see. The catalog being held by one of them is no reason to fail: queries need no view. */
export async function registerSnapshot(
  {files, warehouse}: ViewDeps,
  name: string,
  signal: AbortSignal,
): Promise<ViewOutcome> {
  const query = `SELECT * FROM read_parquet(${literal(files.absolute(parquetPath(name)))})`
  const fingerprint = createHash('md5').update(query).digest('hex').slice(0, 16)
  try {
    await files.createFolder(
      workspacePaths.catalog.slice(0, workspacePaths.catalog.lastIndexOf('/')),
    )
    const path = files.absolute(workspacePaths.catalog)
    const session = await (await warehouse()).open({path, access: 'write'})
    try {
      const existing = await objectsNamed(session, [name], signal)
      const {shadowed} = planViews([{name, query, fingerprint}], existing, [])
      if (shadowed.length > 0) return {state: 'shadowed', why: null}
      const view = identifier(name)
      await session.run('BEGIN TRANSACTION', [], signal)
      await session.run(`CREATE OR REPLACE VIEW ${view} AS ${query}`, [], signal)
      await session.run(
        `COMMENT ON VIEW ${view} IS ${literal(snapshotMark(fingerprint))}`,
        [],
        signal,
      )
      await session.run('COMMIT', [], signal)
      return {state: 'registered', why: null}
    } finally {
      await session.close()
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof AgnesError)) throw error
    return {state: 'behind', why: error.message}
  }
}

/** Takes the views of snapshots out of the catalog; `BusyError` when another process holds it, nothing done. */
export async function dropSnapshotViews(
  {files, warehouse}: ViewDeps,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (names.length === 0 || !(await files.stat(workspacePaths.catalog))) return
  const path = files.absolute(workspacePaths.catalog)
  const session = await (await warehouse()).open({path, access: 'write'})
  try {
    for (const object of await objectsNamed(session, names, signal))
      if (isSnapshotView(object))
        await session.run(`DROP VIEW ${identifier(object.name)}`, [], signal)
  } finally {
    await session.close()
  }
}

async function objectsNamed(
  session: WarehouseSession,
  names: readonly string[],
  signal: AbortSignal,
): Promise<CatalogObject[]> {
  const list = names.map((name) => literal(name.toLowerCase())).join(', ')
  const where = "database_name = current_database() AND schema_name = 'main' AND NOT internal"
  const rows = await session.rows(
    `SELECT table_name, 'table', NULL, comment FROM duckdb_tables()
      WHERE ${where} AND lower(table_name) IN (${list})
     UNION ALL SELECT view_name, 'view', sql, comment FROM duckdb_views()
      WHERE ${where} AND lower(view_name) IN (${list})`,
    [],
    signal,
  )
  return rows.map(([name, kind, sql, comment]) => ({name, kind, sql, comment}) as CatalogObject)
}
