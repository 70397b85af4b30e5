import {startTestServer, type Answer, type LoggedRequest, type TestServer} from './test-server.js'

/** One statement the double knows, and what BigQuery would make of it. */
export interface ScriptedStatement {
  /** Found by this text in the SQL. */
  sql: string | RegExp
  /** Fields of the REST API. */
  schema?: object[]
  /** Cells as the API writes them: every row an array of `v`. */
  rows?: unknown[][]
  /** What a dry run says, and what is read. */
  bytes?: number
  statementType?: string
  /** `project.dataset.table`. */
  tables?: string[]
  pageRows?: number
  /** `jobComplete: false` this many times first; `Infinity` for a statement that never ends. */
  pending?: number
  /** Fails in the dry run and when it runs. */
  error?: {status: number; reason: string; message: string}
  /** Fails only when it runs. */
  runError?: {status: number; reason: string; message: string}
}

export interface StartedJob {
  sql: string
  isDryRun: boolean
  /** As sent; `undefined` when no ceiling travelled along. */
  maximumBytesBilled: string | undefined
  project: string
  location: string | undefined
  isCancelled: boolean
  authorization: string | undefined
}

export interface BigQueryDouble {
  origin: string
  server: TestServer
  jobs: StartedJob[]
  /** Those that were run, not asked about. */
  readonly ran: StartedJob[]
  statement(scripted: ScriptedStatement): void
  table(path: string, metadata: object): void
  /** A job has been asked for its rows at least once. */
  whenAsked(): Promise<void>
}

/**
 * The part of the BigQuery REST API that is used, over real HTTP on a free loopback port. It holds
 * `maximumBytesBilled` as the real one does, and gives tokens at `/token`.
 */
export async function startBigQuery(): Promise<BigQueryDouble> {
  const server = await startTestServer()
  const statements: ScriptedStatement[] = []
  const jobs: (StartedJob & {id: string; scripted: ScriptedStatement; polls: number})[] = []
  let onAsked = () => {}
  const asked = new Promise<void>((resolve) => (onAsked = resolve))

  const insert = (request: LoggedRequest): Answer => {
    const body = JSON.parse(request.body.toString()) as InsertBody
    const {query, dryRun} = body.configuration
    const scripted = statements.findLast(({sql}) =>
      typeof sql === 'string' ? query.query.includes(sql) : sql.test(query.query),
    )
    if (!scripted)
      return failure({status: 400, reason: 'invalidQuery', message: `Unscripted: ${query.query}`})
    const id = body.jobReference.jobId
    jobs.push({
      ...{id, scripted, polls: 0, isCancelled: false},
      sql: query.query,
      isDryRun: dryRun === true,
      maximumBytesBilled: query.maximumBytesBilled,
      project: body.jobReference.projectId,
      location: body.jobReference.location,
      authorization: request.headers.authorization,
    })
    if (scripted.error) return failure(scripted.error)
    const {bytes = 0, statementType = 'SELECT', tables = [], schema = []} = scripted
    const referencedTables = tables.map((path) => {
      const [projectId, datasetId, tableId] = path.split('.')
      return {projectId, datasetId, tableId}
    })
    return {
      status: 200,
      body: {
        kind: 'bigquery#job',
        jobReference: {...body.jobReference, location: body.jobReference.location ?? 'US'},
        status: {state: dryRun ? 'DONE' : 'RUNNING'},
        statistics: {
          totalBytesProcessed: String(bytes),
          query: {
            totalBytesProcessed: String(bytes),
            statementType,
            referencedTables,
            schema: {fields: schema},
          },
        },
      },
    }
  }

  const results = (request: LoggedRequest): Answer => {
    const job = jobs.find(({id}) => id === request.path.split('/').at(-1))
    if (!job) return failure({status: 404, reason: 'notFound', message: 'Not found: Job'})
    onAsked()
    const {scripted, maximumBytesBilled} = job
    const {bytes = 0, schema = [], rows = [], pageRows = 1000, pending = 0, runError} = scripted
    if (runError) return failure(runError)
    if (maximumBytesBilled !== undefined && bytes > Number(maximumBytesBilled))
      return failure({
        status: 400,
        reason: 'bytesBilledLimitExceeded',
        message: `Query exceeded limit for bytes billed: ${maximumBytesBilled}. ${bytes} or higher required.`,
      })
    if (job.polls++ < pending)
      return {status: 200, body: {jobComplete: false, jobReference: {jobId: job.id}}}
    const at = Number(request.query.get('pageToken') ?? 0)
    const next = at + pageRows
    return {
      status: 200,
      body: {
        jobComplete: true,
        jobReference: {jobId: job.id},
        schema: {fields: schema},
        totalRows: String(rows.length),
        totalBytesProcessed: String(bytes),
        ...(rows.length === 0
          ? {}
          : {rows: rows.slice(at, next).map((row) => ({f: row.map((v) => ({v}))}))}),
        ...(next < rows.length ? {pageToken: String(next)} : {}),
      },
    }
  }

  server.on('POST', /^\/bigquery\/v2\/projects\/[^/]+\/jobs$/, insert).optional()
  server.on('GET', /^\/bigquery\/v2\/projects\/[^/]+\/queries\/[^/]+$/, results).optional()
  server
    .on('POST', /^\/bigquery\/v2\/projects\/[^/]+\/jobs\/[^/]+\/cancel$/, ({path}) => {
      for (const job of jobs) if (path.includes(`/${job.id}/`)) job.isCancelled = true
      return {status: 200, body: {kind: 'bigquery#jobCancelResponse', job: {}}}
    })
    .optional()
  server
    .on('GET', /\/tables\//, () =>
      failure({status: 404, reason: 'notFound', message: 'Not found: Table'}),
    )
    .optional()
  server.json('/token', {access_token: 'token-of-the-double', expires_in: 3600}).optional()

  return {
    origin: server.origin,
    server,
    jobs,
    get ran() {
      return jobs.filter(({isDryRun}) => !isDryRun)
    },
    statement: (scripted) => void statements.push(scripted),
    table(path, metadata) {
      const [project, dataset, table] = path.split('.')
      server
        .json(`/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}`, metadata)
        .optional()
    },
    whenAsked: () => asked,
  }
}

interface InsertBody {
  configuration: {query: {query: string; maximumBytesBilled?: string}; dryRun?: boolean}
  jobReference: {projectId: string; jobId: string; location?: string}
}

function failure({status, reason, message}: NonNullable<ScriptedStatement['error']>): Answer {
  return {
    status,
    body: {error: {code: status, message, errors: [{reason, message, domain: 'global'}]}},
  }
}

/** In place of Google's credentials: fetches its token from the double, over HTTP as the real one does. */
export function doubleAuth(origin: string): unknown {
  return {
    async getRequestHeaders() {
      const response = await fetch(`${origin}/token`)
      const {access_token: token} = (await response.json()) as {access_token: string}
      return new Headers({authorization: `Bearer ${token}`})
    },
  }
}
