import type {Column, RowStream} from './warehouse.js'

/** A warehouse that bills by the bytes a statement reads. Vocabulary: a *ceiling* is the most it may read. */

/** What a dry run says. Nothing was read for it and nothing is billed. */
export interface RemoteEstimate {
  /** Most bytes the statement reads. */
  scanBytes: number
  /** The engine's word for its kind: `SELECT` for anything that only reads. */
  statementType: string
  /** `project.dataset.table` of everything it reads, below views too. */
  tables: readonly string[]
}

/** Rows of a statement that has run. */
export interface RemoteRows extends RowStream {
  /** All rows of the answer, those not fetched yet too. */
  rowCount: number
  /** What the engine read for them. */
  bytesScanned: number
}

export interface RemoteTable {
  /** `TABLE`, `VIEW`, `MATERIALIZED_VIEW`, `EXTERNAL` or `SNAPSHOT`. */
  kind: string
  columns: readonly (Column & {isNullable: boolean; description: string})[]
  /** `null` where the engine does not count them, as for a view. */
  rows: number | null
  sizeBytes: number | null
}

export interface TablePath {
  project: string
  dataset: string
  table: string
}

/** Where the engine is and who pays. */
export interface RemoteEngineOptions {
  /** Runs, and is billed for, every statement. */
  project: string
  /** Region of the data, such as `EU`; found out by the engine when absent. */
  location?: string | undefined
  /** Another address than the public one, such as `http://127.0.0.1:9050`. */
  endpoint?: string | undefined
  /** Absolute path of a service account's key; the account's default credentials when absent. */
  keyFile?: string | undefined
}

/**
 * Error kinds: `QueryError` for SQL that is wrong, `TooLargeError` (code `over_max_bytes`) above the ceiling,
 * `AuthError` without usable credentials, `ForbiddenError`, `MissingError` (project, dataset or table),
 * `RateLimitedError` over a quota, `ServerError`, `UnreachableError`, and the signal's reason on abort; a
 * statement that was running then is cancelled. `details.engine` is the engine's own text, where it gave one.
 */
export interface RemoteEngine {
  readonly project: string
  estimate(sql: string, signal?: AbortSignal): Promise<RemoteEstimate>
  /** Runs one statement. The engine itself refuses to read more than `maxBytes`, before it reads any. */
  run(sql: string, limits: {maxBytes: number}, signal?: AbortSignal): Promise<RemoteRows>
  table(path: TablePath, signal?: AbortSignal): Promise<RemoteTable>
  /** Some rows of a table, which is free. `QueryError` for a view: it has none of its own. */
  head(path: TablePath, rows: number, signal?: AbortSignal): Promise<RowStream>
}

export type OpenRemoteEngine = (options: RemoteEngineOptions) => Promise<RemoteEngine>
