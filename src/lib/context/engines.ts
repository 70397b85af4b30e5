import type {OpenRemoteEngine} from '../ports/remote-engine.js'
import type {Clock} from '../ports/clock.js'
import type {Warehouse} from '../ports/warehouse.js'
import type {QueryEngine, QueryEngineDeps} from './query-engine.js'

export interface Engines {
  warehouse(): Promise<Warehouse>
  /** BigQuery, with the credentials of this account. */
  openBigQuery: OpenRemoteEngine
  /** Answers queries for other processes; see `QueryEngine`. */
  queryEngine(): Promise<QueryEngine>
}

/** What runs SQL, here or elsewhere. */
export function openEngines(
  deps: Omit<QueryEngineDeps, 'version'> & {version: () => string; clock: Clock},
  given: Warehouse | undefined,
): Engines {
  const {clock, version} = deps
  let warehouse: Promise<Warehouse> | undefined
  return {
    warehouse: () => (warehouse ??= given ? Promise.resolve(given) : openWarehouse()),
    async openBigQuery(options) {
      const {openBigQuery} = await import('../adapters/bigquery-engine.js')
      return openBigQuery(options, {clock, userAgent: `agnes-cli/${version()}`})
    },
    async queryEngine() {
      const {openQueryEngine} = await import('./query-engine.js')
      return openQueryEngine({...deps, version: version()})
    },
  }
}

async function openWarehouse(): Promise<Warehouse> {
  const {DuckDbWarehouse} = await import('../adapters/duckdb-warehouse.js')
  return new DuckDbWarehouse()
}
