import {DuckDbWarehouse} from '../../src/lib/adapters/duckdb-warehouse.js'
import type {Cell, WarehouseSession} from '../../src/lib/ports/warehouse.js'

let made: Promise<WarehouseSession> | undefined
let last: Promise<unknown> = Promise.resolve()

/**
 * The engine with which the tests of a process write and read files: to make one takes twenty times what
 * most of them ask of it. One work after another; a table it makes replaces the one before. Not for what
 * a test is about: that opens its own.
 */
export function inEngine<T>(work: (session: WarehouseSession) => Promise<T>): Promise<T> {
  made ??= new DuckDbWarehouse().open({path: ':memory:', access: 'write', threads: 1})
  const engine = made
  const done = last.then(async () => work(await engine))
  last = done.catch(() => undefined)
  return done
}

/** Writes the rows of a query to a Parquet file. */
export async function writeParquet(sql: string, path: string): Promise<void> {
  await inEngine((session) => session.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`))
}

/** Runs statements on a database file, which is made where there is none; returns the rows of the last. */
export function onDatabase(path: string, ...statements: string[]): Promise<Cell[][]> {
  return inEngine(async (session) => {
    try {
      await session.run(`ATTACH '${path}' AS given`)
      await session.run('USE given')
      for (const statement of statements.slice(0, -1)) await session.run(statement)
      return await session.rows(statements.at(-1)!)
    } finally {
      await session.run('USE memory')
      const attached = await session.rows(
        "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'",
      )
      for (const [name] of attached) await session.run(`DETACH ${String(name)}`)
    }
  })
}

/** The names of all views of a database file, in order. */
export async function viewsOf(path: string): Promise<Cell[]> {
  const sql = "SELECT view_name FROM duckdb_views() WHERE NOT internal AND database_name = 'given'"
  return (await onDatabase(path, `${sql} ORDER BY 1`)).map(([name]) => name!)
}
