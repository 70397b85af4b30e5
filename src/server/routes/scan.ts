import {Readable} from 'node:stream'
import type {FastifyInstance, FastifyReply} from 'fastify'
import type {RowStream} from '../../lib/ports/warehouse.js'
import {listPriceUsd} from '../../lib/wire/list-price.js'
import type {ScanEstimate} from '../model.js'
import type {QuotaSlot} from '../quota-ledger.js'
import {callerOf, type Caller, type DataRouteDeps} from '../route-deps.js'
import {readableTable, type RefusalTexts} from './readable-table.js'
import {requestSignal} from './request-signal.js'
import {readScanRequest} from './scan-request.js'
import {sqlReaders} from './sql-reader.js'

const ESTIMATE_TEXTS: RefusalTexts = {
  unknown: (id) => `table ${id} not found`,
  denied: 'not authorized for this table',
}
const SCAN_TEXTS: RefusalTexts = {...ESTIMATE_TEXTS, denied: 'not authorized'}

/** `POST /api/v2/scan` and `/api/v2/scan/estimate` (contract 4). */
export function registerScanRoutes(app: FastifyInstance, deps: DataRouteDeps): void {
  const readerOf = sqlReaders(deps.tables)
  app.post('/api/v2/scan/estimate', async (request, reply) => {
    const scan = readScanRequest(request.body)
    const caller = callerOf(request)
    const signal = requestSignal(reply, deps.signal)
    if (typeof scan.from_query === 'string') {
      const estimate = await deps.engine.estimateQuery(scan.from_query, readerOf(caller), signal)
      // Ours; other servers look at the table alone, and the client has to know which was meant.
      return {...estimateBody(scan.table_id, 'duckdb', estimate), from_query: true}
    }
    const table = readableTable(deps, {caller, id: scan.table_id, texts: ESTIMATE_TEXTS})
    const estimate = await deps.engine.estimate(table, scan, signal)
    return estimateBody(table.id, table.queryMode === 'remote' ? 'duckdb' : 'local', estimate)
  })
  app.post('/api/v2/scan', async (request, reply) => {
    const scan = readScanRequest(request.body)
    const caller = callerOf(request)
    const signal = requestSignal(reply, deps.signal)
    if (typeof scan.from_query === 'string') {
      const sql = scan.from_query
      const reader = {...readerOf(caller), maxBytes: scan.max_bytes ?? undefined}
      return sendScan(deps, {caller, reply, open: () => deps.engine.scanQuery(sql, reader, signal)})
    }
    const table = readableTable(deps, {caller, id: scan.table_id, texts: SCAN_TEXTS})
    return sendScan(deps, {caller, reply, open: () => deps.engine.scan(table, scan, signal)})
  })
}

function estimateBody(
  id: string,
  engine: string,
  {scanBytes, resultRows, resultBytes, engine: own}: ScanEstimate,
): Record<string, unknown> {
  return {
    table_id: id,
    engine: own ?? engine,
    estimated_scan_bytes: scanBytes,
    estimated_result_rows: resultRows,
    estimated_result_bytes: resultBytes,
    bq_cost_estimate_usd: listPriceUsd(scanBytes),
  }
}

/** The first bytes are made before anything is sent, so that a failing statement still gets its status. */
async function sendScan(
  deps: DataRouteDeps,
  {caller, reply, open}: {caller: Caller; reply: FastifyReply; open(): Promise<RowStream>},
): Promise<FastifyReply> {
  const slot = deps.quotas.enter(caller.email, 'scan')
  let rows: RowStream | undefined
  try {
    rows = await open()
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
