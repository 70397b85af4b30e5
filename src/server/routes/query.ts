import type {FastifyInstance} from 'fastify'
import type {Cell, Column} from '../../lib/ports/warehouse.js'
import {ApiError} from '../api-error.js'
import {queryCellJson} from '../engine/cell-json.js'
import {RequestBody} from '../request-body.js'
import {callerOf, type DataRouteDeps} from '../route-deps.js'
import {requestSignal} from './request-signal.js'
import {sqlReaders} from './sql-reader.js'

const DEFAULT_LIMIT = 1000

/** `POST /api/query` (contract 5). */
export function registerQueryRoute(app: FastifyInstance, deps: DataRouteDeps): void {
  const readerOf = sqlReaders(deps.tables)
  app.post('/api/query', async (request, reply) => {
    const body = new RequestBody(request.body)
    const sql = body.text('sql')
    const limit = body.optionalWhole('limit') ?? DEFAULT_LIMIT
    // Ours: the ceiling of the caller travels with the query.
    const maxBytes = body.optionalWhole('max_bytes') ?? undefined
    body.check()
    if (limit < 0) throw new ApiError(400, 'Query error: limit must not be negative')
    const caller = callerOf(request)
    const result = await deps.engine.query(
      sql,
      {
        ...readerOf(caller),
        ...{limit, maxBytes},
        enterRemote: () => deps.quotas.enter(caller.email, 'query'),
      },
      requestSignal(reply, deps.signal),
    )
    return reply.type('application/json').send(resultJson(result))
  })
}

interface Result {
  columns: readonly Column[]
  rows: readonly Cell[][]
  truncated: boolean
  bytesScanned: number | null
}

/** Written by hand: cells are exact JSON text already, integers beyond 2^53 included. */
function resultJson({columns, rows, truncated, bytesScanned}: Result): string {
  const names = JSON.stringify(columns.map(({name}) => name))
  const cells = (row: readonly Cell[]) =>
    columns.map(({type}, index) => queryCellJson(row[index] ?? null, type)).join(',')
  const lines = rows.map((row) => `[${cells(row)}]`).join(',')
  return (
    `{"columns":${names},"rows":[${lines}],"row_count":${rows.length},"truncated":${truncated},` +
    `"bytes_scanned":${bytesScanned}}`
  )
}
