import {type AgnesError, QueryError, TooLargeError} from '../../lib/errors.js'
import {ApiError} from '../api-error.js'

/** A table that is listed but has no data to read. */
export class TableWithoutData extends ApiError {
  constructor(table: string) {
    super(404, `table '${table}' has no data yet: its first extraction has not finished`)
  }
}

/** The engine behind a remote table cannot be reached. `reason` is a sentence. */
export class RemoteUnavailable extends ApiError {
  constructor(
    readonly table: string,
    readonly reason: string,
  ) {
    super(502, {error: 'remote_unavailable', message: reason, details: {table}})
  }
}

/** The same failures as `/api/query` words them. */
export function toQueryError(error: unknown): unknown {
  if (error instanceof RemoteUnavailable)
    return new ApiError(502, {
      kind: 'remote_unavailable',
      message: error.reason,
      table: error.table,
    })
  if (error instanceof TableWithoutData) return new ApiError(400, `Query error: ${error.message}`)
  const text = engineText(error)
  return text === undefined ? error : new ApiError(400, `Query error: ${text}`)
}

/** For the v2 routes: SQL that the engine refuses is the caller's, everything else stays what it is. */
export function toScanError(error: unknown): unknown {
  const text = engineText(error)
  return text === undefined ? error : new ApiError(400, text)
}

/** What the engine says about the SQL; file trouble is told without the server's paths. */
function engineText(error: unknown): string | undefined {
  if (!(error instanceof QueryError || error instanceof TooLargeError)) return undefined
  const {code, details, message} = error as AgnesError
  if (['io_error', 'not_permitted'].includes(code))
    return 'IO Error: a file of this table cannot be read now'
  return typeof details.engine === 'string' ? details.engine.trimEnd() : message
}
