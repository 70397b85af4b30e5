import type {FastifyInstance} from 'fastify'
import {callerOf, type CatalogTable, type DataRouteDeps} from '../route-deps.js'
import {offsetIso} from '../times.js'
import {sqlFlavor} from './schema.js'

/** What a caller may read, in the two lists of the contract (3.1 and 3.4). Never asks an engine. */
export function registerCatalogRoutes(app: FastifyInstance, deps: DataRouteDeps): void {
  app.get('/api/v2/catalog', async (request) => ({
    tables: deps.tables.visible(callerOf(request)).map(toCatalogRow),
    server_time: offsetIso(deps.clock.now()),
  }))
  app.get('/api/catalog/tables', async (request) => {
    const tables = deps.tables.visible(callerOf(request)).map((table) => ({
      id: table.id,
      name: table.name,
      description: table.description,
      source_type: table.sourceType,
      sync_strategy: table.syncStrategy,
      query_mode: table.queryMode,
    }))
    return {tables, count: tables.length}
  })
}

function toCatalogRow(table: CatalogTable): Record<string, unknown> {
  const isRemote = table.queryMode === 'remote'
  return {
    id: table.id,
    name: table.name,
    description: table.description,
    source_type: table.sourceType,
    query_mode: table.queryMode,
    server_only: table.serverOnly,
    sql_flavor: sqlFlavor(table),
    where_examples: isRemote ? whereExamples(table) : [],
    fetch_via: fetchVia(table),
    rough_size_hint: roughSize(table.sizeBytes),
    rows: isRemote ? table.rows : null,
    size_bytes: isRemote ? table.sizeBytes : null,
    partition_by: isRemote ? table.partitionBy : null,
    clustered_by: isRemote && table.clusteredBy.length > 0 ? table.clusteredBy : null,
  }
}

function whereExamples({partitionBy, clusteredBy}: CatalogTable): string[] {
  const day = "DATE '2026-01-01'"
  const examples = partitionBy === null ? [] : [`${partitionBy} >= ${day}`]
  const [first] = clusteredBy
  if (first === undefined) return examples
  const narrow = `${first} = 'CZ'`
  return [...examples, partitionBy === null ? narrow : `${partitionBy} >= ${day} AND ${narrow}`]
}

function fetchVia({id, queryMode, serverOnly, partitionBy}: CatalogTable): string {
  if (queryMode === 'remote') {
    const where = partitionBy === null ? 'PREDICATE' : `"${partitionBy} >= DATE '2026-01-01'"`
    return `agnes snapshot create ${id} --select COLUMNS --where ${where} --estimate`
  }
  if (serverOnly) return `stays on the server — query it with \`agnes query --remote\``
  return 'already local — query directly via `agnes query`'
}

const MIB = 2 ** 20
const SIZES: readonly [number, string][] = [
  [100 * MIB, 'small'],
  [1024 * MIB, 'medium'],
  [10 * 1024 * MIB, 'large'],
]

function roughSize(bytes: number | null): string | null {
  if (bytes === null) return null
  return SIZES.find(([limit]) => bytes <= limit)?.[1] ?? 'very_large'
}
