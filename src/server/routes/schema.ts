import type {FastifyInstance, FastifyRequest} from 'fastify'
import type {PublishedTable} from '../model.js'
import {callerOf, type DataRouteDeps} from '../route-deps.js'
import {DISCOVERY_TEXTS, readableTable} from './readable-table.js'
import {requestSignal} from './request-signal.js'

/** The dialect a remote table is asked in. */
export function sqlFlavor({queryMode, sourceType}: PublishedTable): 'bigquery' | 'duckdb' {
  return queryMode === 'remote' && sourceType === 'bigquery' ? 'bigquery' : 'duckdb'
}

/** `GET /api/v2/schema/{id}` (contract 3.2). */
export function registerSchemaRoute(app: FastifyInstance, deps: DataRouteDeps): void {
  app.get('/api/v2/schema/:id', async (request: FastifyRequest<{Params: {id: string}}>, reply) => {
    const {id} = request.params
    const table = readableTable(deps, {caller: callerOf(request), id, texts: DISCOVERY_TEXTS})
    const columns = await deps.engine.schema(table, requestSignal(reply, deps.signal))
    return {
      table_id: table.id,
      source_type: table.sourceType,
      sql_flavor: sqlFlavor(table),
      columns,
      partition_by: table.partitionBy,
      clustered_by: table.clusteredBy,
      where_dialect_hints: {},
    }
  })
}
