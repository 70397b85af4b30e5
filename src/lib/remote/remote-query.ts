import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {RowBatch, Warehouse} from '../ports/warehouse.js'
import type {AnswerSource, ServerOrigin} from '../query/answer-source.js'
import {limitRows, type CountedRows} from '../query/limit-rows.js'
import {readQueryAnswer, type QueryAnswerBody} from '../wire/query.js'
import {TooLargeError} from '../errors.js'
import {adviseOnPart, partAdvice} from './advise-part.js'
import {explainRefusal} from './explain-refusal.js'
import {isSlotTaken} from './quota-error.js'
import {remoteRows} from './remote-rows.js'
import {admissionProblems, bareStatement} from './server-sql.js'
import {guardBytes} from './estimate-query.js'
import {scanShape} from './scan-shape.js'
import {writeParquet} from './write-parquet.js'

/**
 * A query that runs on the server. Vocabulary: the *ceiling* is the most bytes its engine may read, ours
 * (`maxBytes`) and the server's own; the *scope* says which side answers. This room asks and explains; it
 * never rewrites SQL, and never sends a statement whose ceiling it knows to be broken.
 */
export interface RemoteQueryDeps {
  http: HttpClient
  clock: Clock
  warehouse: () => Promise<Warehouse>
  /** Longest silence of the server. */
  timeoutMs: number
  /** `undefined` for the usual one, which is not worth an estimate beforehand. */
  maxBytes: number | undefined
  /** The ceiling was held against an estimate already. */
  isGuarded?: boolean
  /** Absolute; `null` outside of any. */
  workspace: string | null
  /** Grows while the query runs. */
  notices: string[]
}

/** The most rows a server gives whatever is asked; asking for more only hides that. */
const MAX_ROWS = 1_000_000
/** Travels with every query that names no other: what servers allow when nobody has set them up. */
const USUAL_CEILING_BYTES = 5 * 2 ** 30
/** A free slot is a matter of seconds: these waits, then the person decides. */
const SLOT_WAITS_MS = [1000, 3000, 6000]

export class RemoteQuery implements AnswerSource {
  readonly notices: string[]
  origin: ServerOrigin

  constructor(
    private readonly sql: string,
    private readonly deps: RemoteQueryDeps,
  ) {
    const {http, workspace, notices} = deps
    this.notices = notices
    const server = http.origin
    this.origin = {source: 'server', server, workspace, bytesScanned: null, rowScope: null}
  }

  async rows(limit: number | null, signal: AbortSignal): Promise<CountedRows> {
    const sql = bareStatement(this.sql)
    this.warnOf(sql)
    const {http, maxBytes, isGuarded} = this.deps
    if (maxBytes !== undefined && !isGuarded) {
      const warning = await guardBytes(sql, {http, maxBytes}, signal)
      if (warning !== undefined) this.notices.push(warning)
    }
    const answer = await this.ask(sql, limit, signal)
    const {bytesScanned, rowScope} = answer
    this.origin = {...this.origin, bytesScanned, rowScope}
    return counted(answer, limit)
  }

  async exportParquet(
    path: string,
    limit: number | null,
    signal: AbortSignal,
  ): Promise<CountedRows['outcome']> {
    const rows = await this.rows(limit, signal)
    await writeParquet(rows, {path, warehouse: this.deps.warehouse}, signal)
    return rows.outcome
  }

  async assertWhole(): Promise<void> {}

  async close(): Promise<void> {}

  private warnOf(sql: string): void {
    for (const {text, advice} of admissionProblems(sql))
      this.notices.push(`The server may refuse the query because of ${text}. ${advice}`)
  }

  private async ask(
    sql: string,
    limit: number | null,
    signal: AbortSignal,
  ): Promise<QueryAnswerBody> {
    const {clock, timeoutMs, maxBytes, http} = this.deps
    const body = {
      sql,
      // 0 means "the default" to some servers.
      limit: Math.min(MAX_ROWS, Math.max(1, limit ?? MAX_ROWS)),
      max_bytes: maxBytes ?? USUAL_CEILING_BYTES,
    }
    for (let attempt = 0; ; attempt++) {
      const startedAt = clock.monotonicMs()
      try {
        const request = {body, timeoutMs, lossless: true}
        const answer = await http.requestJson('POST', '/api/query', request, signal)
        return readQueryAnswer(answer.body)
      } catch (error) {
        const waitMs = SLOT_WAITS_MS[attempt]
        if (waitMs !== undefined && isSlotTaken(error)) {
          this.notices.push(
            `Your other queries fill the server's slots: trying again in ${waitMs / 1000} s.`,
          )
          await clock.sleep(waitMs, signal)
          continue
        }
        const waitedMs = clock.monotonicMs() - startedAt
        const refused = {sql, origin: http.origin, waited: {waitedMs, timeoutMs}}
        throw await this.advised(explainRefusal(error, refused), sql, signal)
      }
    }
  }

  /** Over a cap: with the command that goes on from here. */
  private async advised(error: unknown, sql: string, signal: AbortSignal): Promise<unknown> {
    if (!(error instanceof TooLargeError) || error.code !== 'remote_scan_too_large') return error
    const shape = scanShape(sql)
    const costly =
      'table' in shape
        ? {table: shape.table, names: shape.hasStar ? null : shape.names}
        : {table: tablesOf(error)[0]?.split('.').at(-1), names: null}
    const {table, names} = costly
    if (table === undefined) return error
    const part = await adviseOnPart({table, names}, this.deps.http, signal)
    const {message, code, details} = error
    return new TooLargeError(message, {code, details, hint: partAdvice(part, null), cause: error})
  }
}

/** Those the server names. */
function tablesOf({details}: TooLargeError): string[] {
  const {tables} = (details.server ?? {}) as {tables?: unknown}
  return Array.isArray(tables) ? tables.filter((table) => typeof table === 'string') : []
}

/** Never more rows than asked for, and cut when either side has cut. */
function counted(answer: QueryAnswerBody, limit: number | null): CountedRows {
  const rows = limitRows(remoteRows(answer), limit)
  return answer.isTruncated ? {...rows, batches: cutBatches(rows)} : rows
}

async function* cutBatches({batches, outcome}: CountedRows): AsyncGenerator<RowBatch> {
  yield* batches
  outcome.isTruncated = true
}
