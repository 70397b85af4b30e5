import {findRow} from '../discovery/find-table.js'
import {QueryError} from '../errors.js'
import type {HttpClient} from '../ports/http-client.js'
import type {SyncState} from '../sync/sync-state.js'
import type {Warehouse} from '../ports/warehouse.js'
import {readCatalog} from '../wire/catalog.js'
import type {SnapshotRecipe, SnapshotRecord} from './snapshot-record.js'
import {isListed} from './withdrawn-source.js'

const CATALOG_MS = 120_000

/** The tables a recipe reads, as the last pull names them. */
export async function sourcesOf(
  {table, fromQuery}: SnapshotRecipe,
  deps: {state: SyncState; warehouse: () => Promise<Warehouse>; http: HttpClient},
  signal: AbortSignal,
): Promise<SnapshotRecord['sources']> {
  const {state, warehouse} = deps
  const names =
    fromQuery === null
      ? [await pulledName(table, deps, signal)]
      : await namesIn(fromQuery, warehouse)
  signal.throwIfAborted()
  return names.map((name) => ({name, wasListed: isListed(name, state)}))
}

/**
 * Scans take a table's id, pulls know its name. Without the name a withdrawn grant would go unnoticed,
 * so where a pull could tell and the id is no name of its, the catalog is asked.
 */
async function pulledName(
  table: string,
  {state, http}: {state: SyncState; http: HttpClient},
  signal: AbortSignal,
): Promise<string> {
  const canTell = state.lastSuccessAt !== null && state.server === http.origin
  if (!canTell || isListed(table, state)) return table
  const {body} = await http.requestJson('GET', '/api/v2/catalog', {timeoutMs: CATALOG_MS}, signal)
  return findRow(readCatalog(body), table)?.name ?? table
}

/** A query in another dialect may not parse here; then its words are looked at by the server alone. */
async function namesIn(sql: string, warehouse: () => Promise<Warehouse>): Promise<string[]> {
  const session = await (await warehouse()).open({path: ':memory:', access: 'write'})
  try {
    const {tableNames} = await session.inspect(sql)
    return [...new Set(tableNames.map(({name}) => name))]
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    return []
  } finally {
    await session.close()
  }
}
