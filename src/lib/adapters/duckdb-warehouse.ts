import {
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
} from '@duckdb/node-api'
import {AgnesError, QueryError, UnexpectedError} from '../errors.js'
import type {
  Cell,
  DataBatch,
  ParquetOptions,
  RowBatch,
  RowStream,
  SessionOptions,
  StatementFacts,
  Warehouse,
  WarehouseSession,
} from '../ports/warehouse.js'
import {appendBatches} from './duckdb-warehouse-append.js'
import {translateDuckDbError} from './duckdb-warehouse-errors.js'
import {inspectStatement} from './duckdb-warehouse-inspect.js'
import {bindings} from './duckdb-warehouse-parameters.js'
import {parquetCopy} from './duckdb-warehouse-parquet.js'
import {columnType, typeText} from './duckdb-warehouse-types.js'
import {columnCells} from './duckdb-warehouse-values.js'
import {holdHeapTight} from './tight-heap.js'

/** How often a query is told again to stop: an interrupt between two of its steps is forgotten. */
const INTERRUPT_EVERY_MS = 20

/** From here on a result is long; the engine's batches have 2,048 rows. */
const LONG_RESULT_BATCHES = 50

export type CreateInstance = (
  path: string,
  configuration: Record<string, string>,
) => Promise<DuckDBInstance>

export const createInstance: CreateInstance = (path, configuration) =>
  DuckDBInstance.create(path, configuration)

/**
 * The only owner of database files in this process: opening one twice, or reading it through `fs`,
 * would drop its lock. Sessions pin the time zone to UTC and never load an extension by themselves.
 */
export class DuckDbWarehouse implements Warehouse {
  /** @param create makes an instance; a process that answers many queries has one made ahead */
  constructor(private readonly create: CreateInstance = createInstance) {}

  async open(options: SessionOptions): Promise<WarehouseSession> {
    try {
      const instance = await this.create(options.path, configuration(options))
      const connection = await instance.connect()
      const session = new DuckDbSession(instance, connection)
      try {
        // In one go: each call hops to a thread of the engine and back.
        await connection.run(preparation(options).join(';\n'))
        return session
      } catch (error) {
        await session.close()
        throw error
      }
    } catch (error) {
      throw translateDuckDbError(error, options.path)
    }
  }
}

function configuration(options: SessionOptions): Record<string, string> {
  return {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(options.path === ':memory:' || options.access === 'write'
      ? {}
      : {access_mode: 'READ_ONLY'}),
    ...(options.memoryLimitMb ? {memory_limit: `${options.memoryLimitMb}MiB`} : {}),
    ...(options.threads ? {threads: String(options.threads)} : {}),
  }
}

/** The last statement closes the door behind the others. */
function preparation(options: SessionOptions): string[] {
  const {attach = [], allowedDirectories, allowedFiles = []} = options
  const statements = [
    "SET TimeZone = 'UTC'",
    // The system caches local files already; a second copy costs memory and saves nothing.
    'SET enable_external_file_cache = false',
    `SET temp_directory = ${literal(options.tempDirectory ?? '')}`,
    ...attach.map(({path, name, key}) => {
      const options = key === undefined ? '' : `, ENCRYPTION_KEY ${literal(key)}`
      return `ATTACH ${literal(path)} AS ${identifier(name)} (READ_ONLY${options})`
    }),
  ]
  if (attach[0]) statements.push(`USE ${identifier(attach[0].name)}`)
  if (allowedDirectories)
    statements.push(
      `SET allowed_directories = [${allowedDirectories.map(literal).join(', ')}]`,
      `SET allowed_paths = [${allowedFiles.map(literal).join(', ')}]`,
      'SET enable_external_access = false',
      'SET lock_configuration = true',
    )
  return statements
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

class DuckDbSession implements WarehouseSession {
  private isClosed = false

  constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  async run(sql: string, parameters: readonly Cell[] = [], signal?: AbortSignal): Promise<number> {
    return this.guarded(signal, async () => {
      const {values, types} = bindings(parameters)
      const result = values.length
        ? await this.connection.run(sql, values, types as never)
        : await this.connection.run(sql)
      return result.rowsChanged
    })
  }

  async stream(
    sql: string,
    parameters: readonly Cell[] = [],
    signal?: AbortSignal,
  ): Promise<RowStream> {
    const result = await this.guarded(signal, () => this.start(sql, parameters))
    const types = result.columnTypes()
    return {
      columns: types.map((type, index) => ({
        name: result.columnName(index),
        typeText: typeText(type),
        type: columnType(type),
      })),
      batches: this.batches(result, {sql, parameters}, signal),
    }
  }

  async rows(
    sql: string,
    parameters: readonly Cell[] = [],
    signal?: AbortSignal,
  ): Promise<Cell[][]> {
    const {batches} = await this.stream(sql, parameters, signal)
    const rows: Cell[][] = []
    for await (const {rowCount, columns} of batches)
      for (let row = 0; row < rowCount; row++) rows.push(columns.map((cells) => cells[row]!))
    return rows
  }

  async append(
    table: string,
    batches: AsyncIterable<DataBatch>,
    signal?: AbortSignal,
  ): Promise<number> {
    signal?.throwIfAborted()
    try {
      return await appendBatches(this.connection, table, batches, signal)
    } catch (error) {
      throw error instanceof AgnesError || signal?.aborted ? error : translateDuckDbError(error)
    }
  }

  async exportParquet(
    sql: string,
    {path, limit, nameColumns}: ParquetOptions,
    signal?: AbortSignal,
  ): Promise<number> {
    const {names, types} = await this.guarded(signal, async () => {
      const statements = await this.connection.extractStatements(sql)
      return withPrepared(await statements.prepare(statements.count - 1), async (prepared) => {
        const indexes = Array.from({length: prepared.columnCount}, (_, index) => index)
        return {
          names: nameColumns(indexes.map((index) => prepared.columnName(index))),
          types: indexes.map((index) => prepared.columnType(index)),
        }
      })
    })
    const columns = types.map((type, index) => ({name: names[index]!, type}))
    const copy = parquetCopy(`query(${literal(sql)})`, columns, {path, limit})
    return this.run(copy, [], signal)
  }

  inspect(sql: string): Promise<StatementFacts> {
    return inspectStatement(this.connection, sql)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.connection.closeSync()
    this.instance.closeSync()
  }

  /** All statements of the text but the last run at once: a dynamic PIVOT is several. */
  private async start(sql: string, parameters: readonly Cell[]): Promise<DuckDBResult> {
    const {values, types} = bindings(parameters)
    const statements = await this.connection.extractStatements(sql)
    if (statements.count === 0) throw new QueryError('There is no statement in this text.')
    for (let index = 0; index < statements.count - 1; index++)
      await withPrepared(await statements.prepare(index), (prepared) => prepared.run())
    return withPrepared(await statements.prepare(statements.count - 1), (prepared) => {
      if (values.length) prepared.bind(values, types as never)
      return prepared.stream()
    })
  }

  private async *batches(
    result: DuckDBResult,
    statement: {sql: string; parameters: readonly Cell[]},
    signal?: AbortSignal,
  ): AsyncGenerator<RowBatch> {
    const types = result.columnTypes()
    const isStreaming = result.isStreaming
    let letGo: (() => void) | undefined
    try {
      for (let number = 1; ; number++) {
        const chunk = await this.guarded(signal, () => result.fetchChunk())
        if (!chunk || chunk.rowCount === 0) break
        if (number === LONG_RESULT_BATCHES) letGo = holdHeapTight()
        const columns = types.map((type, index) => columnCells(chunk, index, type))
        yield {rowCount: chunk.rowCount, columns}
      }
    } finally {
      letGo?.()
    }
    // The binding ends a stream that failed as it ends one that is done; but a failed one no longer counts as streaming.
    if (isStreaming && !result.isStreaming) throw await this.lateError(statement, signal)
  }

  /** What stopped a stream midway: the binding does not say, so the statement runs again, its rows dropped. */
  private async lateError(
    {sql, parameters}: {sql: string; parameters: readonly Cell[]},
    signal?: AbortSignal,
  ): Promise<unknown> {
    try {
      await this.run(`EXPLAIN ANALYZE ${sql}`, parameters, signal)
    } catch (error) {
      return error
    }
    return new UnexpectedError('The SQL engine stopped before the last row and gave no reason.')
  }

  /** Runs one step of the engine: interrupted when the signal fires, its errors translated. */
  private async guarded<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    let timer: NodeJS.Timeout | undefined
    const interrupt = () => {
      this.connection.interrupt()
      timer ??= setInterval(() => this.connection.interrupt(), INTERRUPT_EVERY_MS)
    }
    signal?.addEventListener('abort', interrupt, {once: true})
    try {
      return await step()
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw translateDuckDbError(error)
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', interrupt)
    }
  }
}

async function withPrepared<T>(
  prepared: DuckDBPreparedStatement,
  work: (prepared: DuckDBPreparedStatement) => Promise<T>,
): Promise<T> {
  try {
    return await work(prepared)
  } finally {
    prepared.destroySync()
  }
}
