/**
 * SQL engine port. Vocabulary: a *session* is one connection with its own limits; a *batch* is a
 * column-major slice of a result; a *cell* is a lossless JavaScript value, by logical type below.
 */

/** What a column holds. `name` is the engine's own spelling and is shown to people. */
export type ColumnType =
  | {kind: 'boolean' | 'tinyint' | 'smallint' | 'integer' | 'utinyint' | 'usmallint' | 'uinteger'}
  | {kind: 'bigint' | 'ubigint' | 'hugeint' | 'uhugeint' | 'bignum'}
  | {kind: 'float' | 'double'}
  | {kind: 'decimal'; width: number; scale: number}
  | {kind: 'varchar' | 'json' | 'uuid' | 'blob' | 'bit'}
  | {kind: 'enum'; values: readonly string[]}
  | {kind: 'date' | 'time' | 'time_ns' | 'timetz' | 'interval'}
  | {kind: 'timestamp'; unit: 's' | 'ms' | 'us' | 'ns'; hasZone: boolean}
  | {kind: 'list'; item: ColumnType}
  | {kind: 'array'; item: ColumnType; length: number}
  | {kind: 'struct'; fields: readonly {name: string; type: ColumnType}[]}
  | {kind: 'map'; key: ColumnType; value: ColumnType}
  | {kind: 'union'; members: readonly {name: string; type: ColumnType}[]}
  | {kind: 'null'}
  /** Anything newer than this table: cells are the engine's own text. */
  | {kind: 'other'}

/**
 * | kind | cell |
 * |---|---|
 * | boolean | `boolean` |
 * | integers up to 32 bits, float, double | `number` (NaN and infinities included) |
 * | bigint and wider | `bigint` |
 * | decimal | `bigint`, unscaled (1.10 at scale 2 is 110n) |
 * | varchar, json, uuid, enum, bit, other | `string` |
 * | blob | `Uint8Array` |
 * | date | `number`, days since 1970-01-01 (`±Infinity` for infinite dates) |
 * | time, time_ns | `bigint`, microseconds or nanoseconds since midnight |
 * | timetz | `{micros: bigint, offsetSeconds: number}` |
 * | timestamp | `bigint` in the type's unit since 1970-01-01 UTC; `'infinity'`, `'-infinity'` |
 * | interval | `{months: number, days: number, micros: bigint}` |
 * | list, array | `Cell[]` |
 * | struct | `Cell[]` in field order |
 * | map | `[Cell, Cell][]` |
 * | union | `{tag: string, value: Cell}` |
 * | any | `null` for SQL NULL |
 */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | {micros: bigint; offsetSeconds: number}
  | {months: number; days: number; micros: bigint}
  | {tag: string; value: Cell}
  | Cell[]
  | [Cell, Cell][]

export interface Column {
  /** As the result names it; duplicates are possible and kept. */
  name: string
  /** The engine's spelling, such as `DECIMAL(18,2)`. */
  typeText: string
  type: ColumnType
}

export interface RowBatch {
  rowCount: number
  /** One array per column, each `rowCount` long. */
  columns: readonly (readonly Cell[])[]
}

/** A result being read. Columns are known before the first batch. Stopping the iteration frees it. */
export interface RowStream {
  columns: readonly Column[]
  batches: AsyncIterable<RowBatch>
}

export interface SessionOptions {
  /** A database file, or `':memory:'`. */
  path: string
  access: 'read' | 'write'
  /** Folders the SQL may read files from. With this set, external access is off and configuration is locked. */
  allowedDirectories?: readonly string[]
  /** Single files that may be used as well; only of use with `allowedDirectories`. */
  allowedFiles?: readonly string[]
  /** Database files opened read-only under a name, before access is locked; the first becomes the default. `key` decrypts. */
  attach?: readonly {path: string; name: string; key?: string}[]
  /** Megabytes (2^20). */
  memoryLimitMb?: number
  threads?: number
  /** Where larger-than-memory work spills; off when absent. */
  tempDirectory?: string
}

/** The statement as the engine's own parser sees it. */
export interface StatementFacts {
  /** `select` covers SELECT, VALUES, FROM, WITH, DESCRIBE, SHOW, SUMMARIZE and PIVOT; `explain` EXPLAIN. */
  kind: 'select' | 'explain' | 'other'
  /** The engine's name of the kind, for messages. */
  kindText: string
  /**
   * Names the statement reads from, unquoted, as written, without those of its CTEs. `schema` is
   * `catalog.schema` where both are written. For a PIVOT without its values it may name too much, never too
   * little. Empty for kind `other`, but for CREATE VIEW: the names its query reads.
   */
  tableNames: readonly {schema: string | null; name: string}[]
  /** True where `tableNames` may name too much. */
  isGuess?: boolean
  /** Functions called, lower-case; may hold other words that stand before a parenthesis. */
  functionNames: readonly string[]
}

export interface ParquetOptions {
  /** Absolute; replaced when it exists. */
  path: string
  limit?: number
  /** Makes names differ: Parquet cannot repeat them. */
  nameColumns(names: readonly string[]): string[]
}

/**
 * One column of values to append, in Arrow's memory layout (little-endian). `validity` has a bit per value,
 * lowest first, set where there is one; `null` when none is absent. What lies below an absent array or struct
 * is marked absent as well.
 */
export type ColumnData = {validity: Uint8Array | null} & (
  | {layout: 'fixed'; width: number; data: Uint8Array}
  /** Text as UTF-8, or bytes; value `i` lies between `offsets[i]` and `offsets[i + 1]`. */
  | {layout: 'bytes'; offsets: Int32Array; data: Uint8Array}
  | {layout: 'list'; offsets: Int32Array; child: ColumnData}
  | {layout: 'array'; length: number; child: ColumnData}
  | {layout: 'struct'; children: readonly ColumnData[]}
)

export interface DataBatch {
  rowCount: number
  columns: readonly ColumnData[]
}

export interface WarehouseSession {
  /**
   * Appends batches to a table of the main schema, in memory of a batch; returns the rows. The layout must be
   * that of the table's types: no value is converted. Text that is not UTF-8 is `IntegrityError`.
   */
  append(table: string, batches: AsyncIterable<DataBatch>, signal?: AbortSignal): Promise<number>
  /** Runs a statement for its effect; returns the rows changed. */
  run(sql: string, parameters?: readonly Cell[], signal?: AbortSignal): Promise<number>
  /** Streams a result in constant memory. */
  stream(sql: string, parameters?: readonly Cell[], signal?: AbortSignal): Promise<RowStream>
  /** A small result, whole, row-major. */
  rows(sql: string, parameters?: readonly Cell[], signal?: AbortSignal): Promise<Cell[][]>
  /** Writes the rows of one SELECT to a Parquet file, exact (see docs/query-formats.md); returns their number. */
  exportParquet(sql: string, options: ParquetOptions, signal?: AbortSignal): Promise<number>
  /** Parses one statement without running it. `QueryError` when it does not parse or is not exactly one. */
  inspect(sql: string): Promise<StatementFacts>
  /** May be called twice. */
  close(): Promise<void>
}

/**
 * The only owner of database files. Error kinds: `QueryError` (with the engine's text and, where it
 * says so, `details.missingTable`), `BusyError` when another process holds the file (code
 * `database_locked`, `details.pid` where known), `TooLargeError` out of memory or disk,
 * `IntegrityError` a file that is not what its name says, `InterruptedError`/the signal's reason on abort.
 */
export interface Warehouse {
  open(options: SessionOptions): Promise<WarehouseSession>
}
