import {bytesText} from '../cells/amount-text.js'
import {
  AgnesError,
  ForbiddenError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnreachableError,
  type ErrorDetails,
} from '../errors.js'
import {snapshotAdvice} from './advise-part.js'
import {quotaError} from './quota-error.js'
import {admissionProblems} from './server-sql.js'

export interface RefusedQuery {
  sql: string
  origin: string
  /** Of one whose answer may take long: between sending and giving up, and what was allowed. */
  waited?: {waitedMs: number; timeoutMs: number}
}

type Explain = (error: AgnesError, query: RefusedQuery) => AgnesError

const CATALOG = 'See what the server has for you: agnes catalog'
const ADMIN = 'Tell your administrator: the server has to be set up for this.'
const LATER = 'Nothing is wrong with the query. Run it again in a few minutes.'

/** By the code of the server; what is not here keeps the class its HTTP status stands for. */
const EXPLAINED: Record<string, Explain> = {
  remote_scan_too_large: scanTooLarge,
  bq_response_too_large: tooLarge('The answer is too large for the server to send.'),
  bq_budget_exhausted: tooLarge('The bytes this session may read are used up.'),
  query_table_missing: (error) => tableMissing(error),
  query_error: wrongSql('Correct the SQL. The server speaks the dialect that agnes schema names.'),
  only_single_select: (error, query) => notAdmitted(error, query),
  remote_estimate_failed: estimateFailed,
  databricks_sql_unparseable: wrongSql('Correct the SQL; this table is read in Databricks SQL.'),
  databricks_unsafe_identifier: wrongSql('Use plain names for tables and columns.'),
  databricks_query_failed: wrongSql('Correct the SQL; this table is read in Databricks SQL.'),
  policy_name_collision: wrongSql('Use another name for the alias or the WITH query.'),
  remote_cross_engine_unsupported: wrongSql(
    'Ask each table by itself and join the parts here: agnes snapshot create TABLE --estimate',
  ),
  remote_cross_source_unsupported: wrongSql(
    'Ask the remote table by itself and join it here: agnes snapshot create TABLE --estimate',
  ),
  bq_path_not_registered: forbidden(
    'is not a table of the catalog',
    `Use its name there. ${CATALOG}`,
  ),
  bq_path_access_denied: forbidden('is not granted to you', 'Ask an administrator for access.'),
  bq_path_cross_project: forbidden(
    'lies in another project',
    `Use the name of the catalog. ${CATALOG}`,
  ),
  bq_path_policied: forbidden('is readable by its catalog name only', CATALOG),
  sf_path_not_registered: forbidden(
    'is not a table of the catalog',
    `Use its name there. ${CATALOG}`,
  ),
  sf_path_access_denied: forbidden('is not granted to you', 'Ask an administrator for access.'),
  sf_path_policied: forbidden('is readable by its catalog name only', CATALOG),
  table_not_granted: (error) => notGranted(error),
  cross_project_forbidden: broken('The server may not run queries in that project.', ADMIN),
  bq_forbidden: broken('The warehouse refuses the server itself.', ADMIN),
  auth_failed: broken('The server cannot sign in to its warehouse.', ADMIN),
  not_configured: broken('The server has no warehouse set up.', ADMIN),
  bq_lib_missing: broken('The server lacks the software for its warehouse.', ADMIN),
  databricks_not_configured: broken('The server has no Databricks set up.', ADMIN),
  bq_upstream_error: broken('The warehouse behind the server failed.', LATER),
  remote_unavailable: broken('The engine behind the table cannot be reached.', LATER),
  remote_statement_timeout: broken(
    'The query took longer than the server allows.',
    'Filter by the partition column, or take a part of the table: agnes snapshot create TABLE --estimate',
  ),
}

/** A failed remote query as the kind of failure it is for the person who asked, with the next step. */
export function explainRefusal(error: unknown, query: RefusedQuery): unknown {
  if (error instanceof RateLimitedError) return quotaError(error)
  if (error instanceof UnreachableError && error.code === 'timeout' && query.waited)
    return timedOut(error, query.origin, query.waited)
  if (!(error instanceof AgnesError)) return error
  // The code is the server's word: it may be anything.
  const explain = Object.hasOwn(EXPLAINED, error.code) ? EXPLAINED[error.code] : undefined
  return explain?.(error, query) ?? error
}

function timedOut(
  cause: UnreachableError,
  origin: string,
  {waitedMs, timeoutMs}: {waitedMs: number; timeoutMs: number},
): AgnesError {
  const {maxTimeoutMs} = cause.details
  if (typeof maxTimeoutMs === 'number' && maxTimeoutMs < timeoutMs) return cause
  const waited = Math.round(waitedMs / 1000)
  return new UnreachableError(`${origin} did not answer the query within ${waited} s.`, {
    code: 'timeout',
    hint: `Ask for less, or wait longer with AGNES_QUERY_TIMEOUT (seconds; it was ${timeoutMs / 1000}). The server may still be busy with this query.`,
    details: {...cause.details, waitedMs, timeoutMs},
    cause,
  })
}

/** Two engines word it with different fields. */
function scanTooLarge(cause: AgnesError): AgnesError {
  const server = serverFields(cause)
  const scan = server.scan_bytes
  const limit = server.limit_bytes ?? server.cap_bytes
  const tables = textsOf(server.tables)
  const views = textsOf(server.view_targets)
  const read = typeof scan === 'number' ? `would read ${bytesText(scan)}` : 'would read too much'
  const allowed = typeof limit === 'number' ? `, and the server allows ${bytesText(limit)}` : ''
  const which = tables.length === 0 ? '' : ` It reads ${tables.join(', ')}.`
  const view =
    views.length === 0 ? '' : ` ${views.join(', ')} is a view: a LIMIT does not make it cheaper.`
  return new TooLargeError(`The query ${read}${allowed}. It was not run.${which}${view}`, {
    code: 'remote_scan_too_large',
    hint: snapshotAdvice(views[0] ?? tables[0]?.split('.').at(-1) ?? null),
    details: cause.details,
    cause,
  })
}

function tableMissing(cause: AgnesError): AgnesError {
  const table = String(serverFields(cause).table)
  return new QueryError(`The server has no table ${table} that a query of yours can read.`, {
    code: 'remote_table_missing',
    hint: CATALOG,
    details: {...cause.details, table},
    cause,
  })
}

/** The server names neither the word nor the reason. */
function notAdmitted(cause: AgnesError, {sql}: RefusedQuery): AgnesError {
  const problems = admissionProblems(sql)
  const options = {code: 'only_single_select', cause}
  const [first] = problems
  if (!first)
    return new QueryError(
      `The server runs one SELECT at a time and refused this: ${cause.message}.`,
      {
        ...options,
        hint: 'Begin with SELECT or WITH, write one statement, and read tables only.',
        details: cause.details,
      },
    )
  const words = [...new Set(problems.map(({text}) => text))]
  return new QueryError(
    `The server took ${words.join(', ')} for a command or a file and refused the query: ${cause.message}.`,
    {...options, hint: first.advice, details: {...cause.details, words}},
  )
}

function estimateFailed(cause: AgnesError): AgnesError {
  const {underlying, hint} = serverFields(cause)
  const engine = typeof underlying === 'string' ? ` ${underlying}` : ''
  return new QueryError(
    `The server could not tell what the query would cost, so it was not run.${engine}`,
    {
      code: 'remote_estimate_failed',
      hint:
        typeof hint === 'string' ? hint : 'Check the names of tables and columns: agnes catalog',
      details: cause.details,
      cause,
    },
  )
}

function notGranted(cause: AgnesError): AgnesError {
  const table = String(serverFields(cause).table)
  return new ForbiddenError(`The table ${table} is not granted to you.`, {
    code: 'table_not_granted',
    hint: `Ask an administrator for access to ${table}. ${CATALOG}`,
    details: {...cause.details, table, serverMessage: cause.message},
    cause,
  })
}

function tooLarge(what: string): Explain {
  return (cause) => {
    const {suggestion} = serverFields(cause)
    const hint = typeof suggestion === 'string' ? suggestion : snapshotAdvice(null)
    const {code, details} = cause
    return new TooLargeError(withCause(what, cause), {code, hint, details, cause})
  }
}

function wrongSql(hint: string): Explain {
  return (cause) => {
    const {code, details} = cause
    return new QueryError(cause.message, {code, hint: cause.hint ?? hint, details, cause})
  }
}

function forbidden(what: string, hint: string): Explain {
  return (cause) => {
    const {path, registered_as: name} = serverFields(cause)
    const registered = typeof name === 'string' ? ` (in the catalog: ${name})` : ''
    const text = `${typeof path === 'string' ? path : 'A path in the query'} ${what}${registered}.`
    const {code, details} = cause
    return new ForbiddenError(text, {code, hint, details, cause})
  }
}

function broken(what: string, hint: string): Explain {
  return (cause) => {
    const {code, details} = cause
    return new ServerError(withCause(what, cause), {code, hint, details, cause})
  }
}

function withCause(what: string, cause: AgnesError): string {
  const said = serverFields(cause).message
  return typeof said === 'string' && said !== '' ? `${what} ${said}` : what
}

function serverFields({details}: {details: ErrorDetails}): Record<string, unknown> {
  return (details.server ?? {}) as Record<string, unknown>
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
