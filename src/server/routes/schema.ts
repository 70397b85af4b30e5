import type {FastifyInstance, FastifyRequest} from 'fastify'
import {callerOf, type DataRouteDeps} from '../route-deps.js'
import {DISCOVERY_TEXTS, readableTable} from './readable-table.js'
import {requestSignal} from './request-signal.js'

/** `GET /api/v2/schema/{id}` (contract 3.2). */
export function registerSchemaRoute(app: FastifyInstance, deps: DataRouteDeps): void {
  app.get('/api/v2/schema/:id', async (request: FastifyRequest<{Params: {id: string}}>, reply) => {
    const {id} = request.params
    const table = readableTable(deps, {caller: callerOf(request), id, texts: DISCOVERY_TEXTS})
    const columns = await deps.engine.schema(table, requestSignal(reply, deps.signal))
    return {
      table_id: table.id,
      source_type: table.sourceType,
      sql_flavor: 'duckdb',
      columns,
      partition_by: table.partitionBy,
      clustered_by: table.clusteredBy,
      where_dialect_hints: {},
    }
  })
}
