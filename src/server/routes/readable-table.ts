import {ApiError} from '../api-error.js'
import type {Caller, CatalogTable, DataRouteDeps} from '../route-deps.js'

/** The texts of the two refusals; the routes of the contract differ in them. */
export interface RefusalTexts {
  unknown: (id: string) => string
  denied: string
}

export const DISCOVERY_TEXTS: RefusalTexts = {
  unknown: (id) => `table '${id}' not found`,
  denied: 'not authorized for this table',
}

/** The table a caller asks for by id or name: unknown is 404, known but not granted 403, no data yet 404. */
export function readableTable(
  {tables}: DataRouteDeps,
  {caller, id, texts}: {caller: Caller; id: string; texts: RefusalTexts},
): CatalogTable {
  const table = tables.findFor(caller, id)
  if (!table) {
    if (tables.find(id)) throw new ApiError(403, texts.denied)
    throw new ApiError(404, texts.unknown(id))
  }
  const hasData = table.file !== null || table.parts !== null || table.queryMode === 'remote'
  if (!table.isPublished || !hasData)
    throw new ApiError(
      404,
      `table '${table.id}' is registered but has no data yet: its first extraction has not finished`,
    )
  return table
}
