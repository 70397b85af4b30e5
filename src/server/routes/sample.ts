import type {FastifyInstance, FastifyRequest} from 'fastify'
import type {Cell, Column} from '../../lib/ports/warehouse.js'
import {ApiError} from '../api-error.js'
import {sampleCellJson} from '../engine/cell-json.js'
import {callerOf, type DataRouteDeps} from '../route-deps.js'
import {DISCOVERY_TEXTS, readableTable} from './readable-table.js'
import {requestSignal} from './request-signal.js'

const DEFAULT_ROWS = 5
const MAX_ROWS = 100

/** `GET /api/v2/sample/{id}?n=5` (contract 3.3). */
export function registerSampleRoute(app: FastifyInstance, deps: DataRouteDeps): void {
  app.get(
    '/api/v2/sample/:id',
    async (request: FastifyRequest<{Params: {id: string}; Querystring: {n?: string}}>, reply) => {
      const n = readCount(request.query.n)
      const {id} = request.params
      const table = readableTable(deps, {caller: callerOf(request), id, texts: DISCOVERY_TEXTS})
      const {columns, rows} = await deps.engine.sample(table, n, requestSignal(reply, deps.signal))
      const body =
        `{"table_id":${JSON.stringify(table.id)},"rows":[${rows.map((row) => rowJson(row, columns)).join(',')}],` +
        `"source":${JSON.stringify(table.sourceType)}}`
      return reply.type('application/json').send(body)
    },
  )
}

function rowJson(row: readonly Cell[], columns: readonly Column[]): string {
  const fields = columns.map(
    ({name, type}, index) => `${JSON.stringify(name)}:${sampleCellJson(row[index] ?? null, type)}`,
  )
  return `{${fields.join(',')}}`
}

function readCount(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ROWS
  const refuse = (type: string, msg: string, ctx?: Record<string, number>) =>
    new ApiError(422, [{type, loc: ['query', 'n'], msg, input: text, ...(ctx ? {ctx} : {})}])
  if (!/^[+-]?\d+$/.test(text.trim()))
    throw refuse(
      'int_parsing',
      'Input should be a valid integer, unable to parse string as an integer',
    )
  const n = Number(text)
  if (n < 1)
    throw refuse('greater_than_equal', 'Input should be greater than or equal to 1', {ge: 1})
  if (n > MAX_ROWS)
    throw refuse('less_than_equal', `Input should be less than or equal to ${MAX_ROWS}`, {
      le: MAX_ROWS,
    })
  return n
}
