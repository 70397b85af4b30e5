import type {Cell, Column, RowStream} from '../lib/ports/warehouse.js'

/** Shared vocabulary of the embedded server's rooms. Shapes only. */

export type QueryMode = 'local' | 'remote' | 'materialized'

export interface PublishedPart {
  /** Relative to the table's folder, with `/`, as the manifest names it. */
  path: string
  /** Absolute. */
  file: string
  md5: string
  sizeBytes: number
  /** Of the file that was hashed. */
  mtimeMs: number
}

/** A table found in `DIR/extracts/<source>/extract.duckdb`, before anyone's rights are considered. */
export interface PublishedTable {
  /** Key of grants: `name.trim().toLowerCase()` with spaces as `_`. */
  id: string
  /** Manifest key, file stem, view name. */
  name: string
  /** The extract's folder name. */
  source: string
  sourceType: string
  description: string
  queryMode: QueryMode
  serverOnly: boolean
  rows: number | null
  sizeBytes: number | null
  /** MD5 of the file; the rollup for parts (contract 2.4); `''` for remote; `null` never materialized. */
  hash: string | null
  /** ISO 8601 without offset, UTC, as the reference server prints it. */
  updated: string | null
  /** Absolute path of a single-file table. */
  file: string | null
  /** Of the file that was hashed; `null` where there is no single file. */
  mtimeMs: number | null
  parts: readonly PublishedPart[] | null
  partitionBy: string | null
  clusteredBy: readonly string[]
}

/** The published data of one server folder. */
export interface DataStore {
  /** The same array until the next `rescan` finds something new: its identity is the version of the facts. */
  tables(): readonly PublishedTable[]
  byId(id: string): PublishedTable | undefined
  byName(name: string): PublishedTable | undefined
  /** Looks at the folder again; new facts replace the old ones in one step. */
  rescan(signal?: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface SchemaColumn {
  name: string
  type: string
  nullable: boolean
  description: string
}

export interface ScanRequest {
  table_id: string
  select?: string[] | null
  where?: string | null
  limit?: number | null
  order_by?: string[] | null
  /** A whole query instead; then there is none of the above. */
  from_query?: string | null
  /** Ours: the caller's own ceiling for the bytes a remote engine reads. */
  max_bytes?: number | null
}

export interface ScanEstimate {
  /** Bytes the engine reads: 0 for local tables, from Parquet statistics for remote ones. */
  scanBytes: number
  resultRows: number | null
  resultBytes: number | null
  /** Where it is not the local one. */
  engine?: string
}

/** On whose behalf a statement runs. */
export interface SqlReader {
  /** Ids of the tables the caller may read; not asked for admins. */
  allowed: ReadonlySet<string>
  isAdmin: boolean
  /** The caller's own ceiling for remote engines, below the engine's cap. */
  maxBytes?: number | undefined
}

export interface QueryOptions extends SqlReader {
  limit: number
  /** Called once, before anything is read, for a query that touches a remote table; throws over a quota. */
  enterRemote?(): {charge(bytes: number): void; release(): void}
}

/** Reads published tables with SQL. Access is decided by the caller and handed in. */
export interface QueryEngine {
  schema(table: PublishedTable, signal?: AbortSignal): Promise<SchemaColumn[]>
  sample(
    table: PublishedTable,
    rows: number,
    signal?: AbortSignal,
  ): Promise<{columns: readonly Column[]; rows: Cell[][]}>
  estimate(table: PublishedTable, request: ScanRequest, signal?: AbortSignal): Promise<ScanEstimate>
  /** `ApiError` 400 (`remote_scan_too_large`) above the request's `max_bytes`. */
  scan(table: PublishedTable, request: ScanRequest, signal?: AbortSignal): Promise<RowStream>
  /** What a whole query would read; refused as `query` refuses. */
  estimateQuery(sql: string, reader: SqlReader, signal?: AbortSignal): Promise<ScanEstimate>
  /** Every row of a whole query; refused as `query` refuses, save for the engine's cap. */
  scanQuery(sql: string, reader: SqlReader, signal?: AbortSignal): Promise<RowStream>
  /**
   * One SELECT over the tables in `allowed`. Throws an `ApiError` shaped as the reference server's:
   * 400 for SQL, 403 for tables outside `allowed`.
   */
  query(
    sql: string,
    options: QueryOptions,
    signal?: AbortSignal,
  ): Promise<{
    columns: readonly Column[]
    rows: Cell[][]
    truncated: boolean
    bytesScanned: number | null
  }>
  close(): Promise<void>
}
