import {Readable} from 'node:stream'
import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import type {RowStream} from '../../lib/ports/warehouse.js'
import type {QuotaSlot} from '../quota-ledger.js'
import {callerOf, type DataRouteDeps} from '../route-deps.js'
import {readableTable, type RefusalTexts} from './readable-table.js'
import {requestSignal} from './request-signal.js'
import {readScanRequest} from './scan-request.js'

/** US dollars per 2^40 bytes, as a warehouse would bill them. */
const USD_PER_TIB = 5

const ESTIMATE_TEXTS: RefusalTexts = {
  unknown: (id) => `table ${id} not found`,
  denied: 'not authorized for this table',
}
const SCAN_TEXTS: RefusalTexts = {...ESTIMATE_TEXTS, denied: 'not authorized'}

/** `POST /api/v2/scan` and `/api/v2/scan/estimate` (contract 4). */
export function registerScanRoutes(app: FastifyInstance, deps: DataRouteDeps): void {
  app.post('/api/v2/scan/estimate', async (request, reply) => {
    const scan = readScanRequest(request.body)
    const caller = callerOf(request)
    const table = readableTable(deps, {caller, id: scan.table_id, texts: ESTIMATE_TEXTS})
    const estimate = await deps.engine.estimate(table, scan, requestSignal(reply, deps.signal))
    return {
      table_id: table.id,
      engine: table.queryMode === 'remote' ? 'duckdb' : 'local',
      estimated_scan_bytes: estimate.scanBytes,
      estimated_result_rows: estimate.resultRows,
      estimated_result_bytes: estimate.resultBytes,
      bq_cost_estimate_usd: Number(((estimate.scanBytes / 2 ** 40) * USD_PER_TIB).toFixed(4)),
    }
  })
  app.post('/api/v2/scan', (request, reply) => sendScan(deps, request, reply))
}

/** The first bytes are made before anything is sent, so that a failing statement still gets its status. */
async function sendScan(
  deps: DataRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const scan = readScanRequest(request.body)
  const caller = callerOf(request)
  const table = readableTable(deps, {caller, id: scan.table_id, texts: SCAN_TEXTS})
  const slot = deps.quotas.enter(caller.email, 'scan')
  let rows: RowStream | undefined
  try {
    rows = await deps.engine.scan(table, scan, requestSignal(reply, deps.signal))
    const opened = rows
    const {encodeArrowStream} = await import('../../lib/arrow/encode-arrow-stream.js')
    const chunks = encodeArrowStream(opened)
    const first = await chunks.next()
    const body = Readable.from(charged(following(first, chunks), slot), {objectMode: false})
    body.once('close', () => {
      slot.release()
      void giveUp(opened, deps)
    })
    return await reply.type('application/vnd.apache.arrow.stream').send(body)
  } catch (error) {
    slot.release()
    if (rows) await giveUp(rows, deps)
    throw error
  }
}

/** A scan costs the bytes of its answer, as far as it was read. */
async function* charged(
  chunks: AsyncIterable<Uint8Array>,
  slot: QuotaSlot,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    slot.charge(chunk.length)
    yield chunk
  }
}

async function* following(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.done) return
  yield first.value
  yield* rest
}

/** Frees the engine whether or not the stream was read to its end; may be called twice. */
async function giveUp({batches}: RowStream, {logger}: DataRouteDeps): Promise<void> {
  try {
    await batches[Symbol.asyncIterator]().return?.()
  } catch (error) {
    logger.warn('server.scan_release_failed', {error: String(error)})
  }
}
