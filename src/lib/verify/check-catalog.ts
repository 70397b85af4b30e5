import {identifier} from '../catalog/table-source.js'
import {workspacePaths} from '../config/paths.js'
import {AgnesError, toAgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Warehouse, WarehouseSession} from '../ports/warehouse.js'
import type {SyncState} from '../sync/sync-state.js'
import type {CatalogCheck} from './verify-report.js'

/** Binds each of our views in the catalog file without reading a row. Never writes to it. */
export async function checkCatalog(
  {files, warehouse}: {files: Files; warehouse: () => Promise<Warehouse>},
  state: SyncState,
  signal?: AbortSignal,
): Promise<CatalogCheck> {
  const views = Object.entries(state.catalog.views)
    .filter(([, print]) => !/^(?:shadowed|failed):/.test(print))
    .map(([name]) => name)
  if (!(await files.stat(workspacePaths.catalog)))
    return {state: 'absent', reason: null, brokenViews: []}
  let session: WarehouseSession | undefined
  try {
    session = await (
      await warehouse()
    ).open({path: files.absolute(workspacePaths.catalog), access: 'read'})
    const brokenViews = []
    for (const view of views) {
      const error = await bind(session, view, signal)
      if (error !== null) brokenViews.push({view, error})
    }
    return {state: brokenViews.length > 0 ? 'broken' : 'ok', reason: null, brokenViews}
  } catch (error) {
    signal?.throwIfAborted()
    const {message, code} = toAgnesError(error)
    const isLocked = code === 'database_locked'
    return {state: isLocked ? 'unchecked' : 'broken', reason: message, brokenViews: []}
  } finally {
    await session?.close()
  }
}

async function bind(
  session: WarehouseSession,
  view: string,
  signal?: AbortSignal,
): Promise<string | null> {
  try {
    await session.rows(`SELECT * FROM ${identifier(view)} LIMIT 0`, [], signal)
    return null
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof AgnesError) return error.message
    throw error
  }
}
