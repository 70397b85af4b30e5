import type * as bigquery from '@google-cloud/bigquery'
import type {BigQuery, Job} from '@google-cloud/bigquery'
import {UnexpectedError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {
  RemoteEngine,
  RemoteEngineOptions,
  RemoteEstimate,
  RemoteRows,
  RemoteTable,
  TablePath,
} from '../ports/remote-engine.js'
import type {RowBatch, RowStream} from '../ports/warehouse.js'
import {bigQueryError} from './bigquery-errors.js'
import {decodedColumn, type BigQueryField, type DecodedColumn} from './bigquery-values.js'

export interface BigQueryDeps {
  clock: Clock
  userAgent: string
  /** In place of the credentials of this account; a test's own. */
  authClient?: unknown
  /** False for tests of failures: the library then asks once. */
  hasRetries?: boolean
}

/** Rows of one page: BigQuery itself ends a page at 20 MB. */
const PAGE_ROWS = 20_000
/** How long one request waits for a running statement; also how long an interrupted one keeps the process. */
const WAIT_MS = 2000
/** Between requests that were answered at once although the statement still runs. */
const PAUSE_MS = 500

/**
 * BigQuery through Google's own client, which owns addresses, credentials and retries. Its parsing of rows
 * is not used: it rounds. Loads the library when called; whoever needs no BigQuery must not call it.
 */
export async function openBigQuery(
  {project, location, endpoint, keyFile}: RemoteEngineOptions,
  deps: BigQueryDeps,
): Promise<RemoteEngine> {
  // Bundled, a CommonJS package has a default export only.
  const library: Library & {default?: Library} = await import('@google-cloud/bigquery')
  const {BigQuery: Client} = library.default ?? library
  const client = new Client({
    projectId: project,
    userAgent: deps.userAgent,
    autoRetry: deps.hasRetries ?? true,
    ...(location === undefined ? {} : {location}),
    ...(endpoint === undefined ? {} : {apiEndpoint: endpoint}),
    ...(keyFile === undefined ? {} : {keyFilename: keyFile}),
    ...authOf(endpoint, deps.authClient),
  })
  return new BigQueryEngine(client, project, deps.clock)
}

/** No credential leaves this computer unencrypted: an emulator on a loopback port gets none. */
function authOf(endpoint: string | undefined, authClient: unknown): {authClient?: never} {
  const anonymous = endpoint?.startsWith('http:')
    ? {getRequestHeaders: async () => new Headers()}
    : undefined
  const chosen = authClient ?? anonymous
  return chosen === undefined ? {} : {authClient: chosen as never}
}

type Library = Pick<typeof bigquery, 'BigQuery'>

class BigQueryEngine implements RemoteEngine {
  constructor(
    private readonly client: BigQuery,
    readonly project: string,
    private readonly clock: Clock,
  ) {}

  async estimate(sql: string, signal?: AbortSignal): Promise<RemoteEstimate> {
    return this.named(signal, async () => {
      const [job] = await abortable(
        this.client.createQueryJob({query: sql, dryRun: true, useLegacySql: false}),
        signal,
      )
      const statistics = (job.metadata as JobMetadata).statistics
      return {
        scanBytes: Number(
          statistics?.totalBytesProcessed ?? statistics?.query?.totalBytesProcessed,
        ),
        statementType: statistics?.query?.statementType ?? '',
        tables: (statistics?.query?.referencedTables ?? []).map(
          ({projectId, datasetId, tableId}) => `${projectId}.${datasetId}.${tableId}`,
        ),
      }
    })
  }

  async run(
    sql: string,
    {maxBytes}: {maxBytes: number},
    signal?: AbortSignal,
  ): Promise<RemoteRows> {
    return this.named(signal, async () => {
      const query = {
        query: sql,
        useLegacySql: false,
        maximumBytesBilled: String(Math.max(1, Math.floor(maxBytes))),
      }
      const starting = this.client.createQueryJob(query)
      // Aborted before the answer: the statement runs all the same, so it is cancelled when it is known.
      const [job] = await abortable(starting, signal, () => starting.then(([job]) => cancel(job)))
      const first = await this.finished(job, signal)
      const columns = (first.schema?.fields ?? []).map(decodedColumn)
      return {
        columns: columns.map(({column}) => column),
        batches: this.pages(job, {first, columns}, signal),
        rowCount: Number(first.totalRows ?? 0),
        bytesScanned: Number(first.totalBytesProcessed ?? 0),
      }
    })
  }

  async table({project, dataset, table}: TablePath, signal?: AbortSignal): Promise<RemoteTable> {
    return this.named(signal, async () => {
      const [metadata] = await abortable(
        this.client.dataset(dataset, {projectId: project}).table(table).getMetadata(),
        signal,
      )
      const {type = 'TABLE', schema, numRows, numBytes} = metadata as TableMetadata
      const isCounted = type !== 'VIEW' && type !== 'EXTERNAL'
      return {
        kind: type,
        columns: (schema?.fields ?? []).map((field) => ({
          ...decodedColumn(field).column,
          isNullable: field.mode !== 'REQUIRED',
          description: field.description ?? '',
        })),
        rows: isCounted && numRows !== undefined ? Number(numRows) : null,
        sizeBytes: isCounted && numBytes !== undefined ? Number(numBytes) : null,
      }
    })
  }

  async head(path: TablePath, rows: number, signal?: AbortSignal): Promise<RowStream> {
    return this.named(signal, async () => {
      const {project, dataset, table} = path
      const reference = this.client.dataset(dataset, {projectId: project}).table(table)
      const [metadata] = await abortable(reference.getMetadata(), signal)
      const columns = ((metadata as TableMetadata).schema?.fields ?? []).map(decodedColumn)
      const names = [dataset, table].map(encodeURIComponent)
      const uri = `/datasets/${names[0]}/tables/${names[1]}/data`
      const qs = {maxResults: rows, 'formatOptions.useInt64Timestamp': true}
      const {rows: found = []} = await abortable(
        this.request({uri, qs, projectId: project}),
        signal,
      )
      const batch = this.batch(found, columns)
      return {
        columns: columns.map(({column}) => column),
        batches: (async function* () {
          yield batch
        })(),
      }
    })
  }

  /** The first page, once the statement has ended. */
  private async finished(job: Job, signal?: AbortSignal): Promise<ResultPage> {
    for (;;) {
      const startedAt = this.clock.monotonicMs()
      const page = await abortable(this.page(job), signal, () => cancel(job))
      if (page.jobComplete !== false) return page
      if (this.clock.monotonicMs() - startedAt < PAUSE_MS)
        await abortable(this.clock.sleep(PAUSE_MS, signal), signal, () => cancel(job))
    }
  }

  private async *pages(
    job: Job,
    {first, columns}: {first: ResultPage; columns: readonly DecodedColumn[]},
    signal?: AbortSignal,
  ): AsyncGenerator<RowBatch> {
    for (let page = first; ;) {
      const rows = page.rows ?? []
      if (rows.length > 0) yield this.batch(rows, columns)
      const {pageToken} = page
      if (!pageToken) return
      page = await this.named(signal, () => abortable(this.page(job, pageToken), signal))
    }
  }

  private batch(rows: readonly WireRow[], columns: readonly DecodedColumn[]): RowBatch {
    try {
      const cells = columns.map(({decode}, index) =>
        rows.map(({f}) => decode((f[index]?.v ?? null) as never)),
      )
      return {rowCount: rows.length, columns: cells}
    } catch (error) {
      throw new UnexpectedError(`BigQuery sent a value that is not of its type: ${String(error)}`, {
        hint: 'This is a bug in agnes. Run the command again with AGNES_DEBUG=1 and report what it prints.',
        cause: error,
      })
    }
  }

  private page(job: Job, pageToken?: string): Promise<ResultPage> {
    const qs = {
      maxResults: PAGE_ROWS,
      timeoutMs: WAIT_MS,
      'formatOptions.useInt64Timestamp': true,
      ...(job.location === undefined ? {} : {location: job.location}),
      ...(pageToken === undefined ? {} : {pageToken}),
    }
    return this.request({uri: `/queries/${encodeURIComponent(job.id ?? '')}`, qs})
  }

  private request(options: {
    uri: string
    qs: Record<string, unknown>
    projectId?: string
  }): Promise<ResultPage> {
    return new Promise((resolve, reject) => {
      this.client.request(options, (error, body) => {
        if (error) reject(error)
        else resolve(body as ResultPage)
      })
    })
  }

  private async named<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      throw bigQueryError(error, this.project)
    }
  }
}

interface JobMetadata {
  statistics?: {
    totalBytesProcessed?: string
    query?: {
      totalBytesProcessed?: string
      statementType?: string
      referencedTables?: {projectId: string; datasetId: string; tableId: string}[]
    }
  }
}

interface WireRow {
  f: {v: unknown}[]
}

interface ResultPage {
  jobComplete?: boolean
  schema?: {fields?: BigQueryField[]}
  rows?: WireRow[]
  pageToken?: string
  totalRows?: string
  totalBytesProcessed?: string
}

interface TableMetadata {
  type?: string
  schema?: {fields?: BigQueryField[]}
  numRows?: string
  numBytes?: string
}

/** The library cannot be interrupted: on abort its answer is no longer waited for, and `undo` is. */
async function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  undo?: () => Promise<void>,
): Promise<T> {
  if (!signal) return work
  // Told to whoever waits, or to nobody after an abort.
  work.catch(() => undefined)
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, {once: true})
  })
  try {
    return await Promise.race([work, aborted])
  } catch (error) {
    // What could not be started need not be undone.
    if (signal.aborted) await undo?.().catch(() => undefined)
    throw error
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}

/** Best effort: a statement that has ended by itself cannot be cancelled, and is paid for either way. */
async function cancel(job: Job): Promise<void> {
  await job.cancel().catch(() => undefined)
}
