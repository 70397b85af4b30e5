import {QueryError} from '../errors.js'
import type {SyncState} from '../sync/sync-state.js'
import type {Warehouse} from '../ports/warehouse.js'
import type {SnapshotRecipe, SnapshotRecord} from './snapshot-record.js'
import {isListed} from './withdrawn-source.js'

/** The tables a recipe reads, as the last pull names them. */
export async function sourcesOf(
  {table, fromQuery}: SnapshotRecipe,
  {state, warehouse}: {state: SyncState; warehouse: () => Promise<Warehouse>},
  signal: AbortSignal,
): Promise<SnapshotRecord['sources']> {
  const names = fromQuery === null ? [table] : await namesIn(fromQuery, warehouse)
  signal.throwIfAborted()
  return names.map((name) => ({name, wasListed: isListed(name, state)}))
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
