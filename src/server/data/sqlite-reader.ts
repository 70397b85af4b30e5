import {readFile} from 'node:fs/promises'
import {IntegrityError} from '../../lib/errors.js'
import {planColumn, type ColumnPlan} from './sqlite-types.js'

export interface SqliteTable {
  name: string
  columns: readonly ColumnPlan[]
  /** Rows as lines of JSON, `{"c0": "…", "c1": null}`, in pieces of some thousand rows. */
  chunks(): Iterable<string>
}

/** The part of sql.js that is used here. */
interface Statement {
  step(): boolean
  get(): (string | number | null)[]
  free(): void
}
interface Database {
  prepare(sql: string): Statement
  close(): void
}
interface SqlJs {
  Database: new (bytes: Uint8Array) => Database
}

const ROWS_PER_CHUNK = 20_000

/** Tables and views of an SQLite file, one after the other. The file is held in memory meanwhile. */
export async function* readSqlite(file: string, signal?: AbortSignal): AsyncGenerator<SqliteTable> {
  // @ts-expect-error -- sql.js brings no types for its single-file build
  const module = (await import('sql.js/dist/sql-wasm-inline.js')) as {default: () => Promise<SqlJs>}
  const sqlite = await module.default()
  const database = new sqlite.Database(await readFile(file, signal ? {signal} : {}))
  try {
    for (const [name] of rowsOf(database, TABLES)) yield openTable(database, String(name))
  } catch (error) {
    if (signal?.aborted) throw error
    throw new IntegrityError(`The SQLite file ${file} cannot be read: ${String(error)}`, {
      code: 'bad_file',
      cause: error,
    })
  } finally {
    database.close()
  }
}

const TABLES = `SELECT name FROM sqlite_schema
  WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`

function openTable(database: Database, name: string): SqliteTable {
  const table = `"${name.replaceAll('"', '""')}"`
  const columns = [...rowsOf(database, `PRAGMA table_info(${table})`)].map((row) => {
    const column = String(row[1])
    const quoted = `"${column.replaceAll('"', '""')}"`
    const kinds = [
      ...rowsOf(
        database,
        `SELECT DISTINCT typeof(${quoted}) FROM ${table} WHERE ${quoted} IS NOT NULL`,
      ),
    ]
    return planColumn({
      name: column,
      declared: String(row[2]),
      found: new Set(kinds.map(([kind]) => String(kind))),
    })
  })
  const values = columns.map(guarded).join(', ')
  return {name, columns, chunks: () => linesOf(database, `SELECT ${values} FROM ${table}`)}
}

/** `hex(NULL)` and `printf` turn NULL into text; NULL stays NULL. */
function guarded({name, sqliteText}: ColumnPlan, index: number): string {
  const quoted = `"${name.replaceAll('"', '""')}"`
  return `CASE WHEN ${quoted} IS NULL THEN NULL ELSE ${sqliteText} END AS c${index}`
}

function* linesOf(database: Database, sql: string): Generator<string> {
  let lines: string[] = []
  for (const row of rowsOf(database, sql)) {
    lines.push(JSON.stringify(Object.fromEntries(row.map((value, index) => [`c${index}`, value]))))
    if (lines.length < ROWS_PER_CHUNK) continue
    yield lines.join('\n') + '\n'
    lines = []
  }
  if (lines.length > 0) yield lines.join('\n') + '\n'
}

function* rowsOf(database: Database, sql: string): Generator<(string | number | null)[]> {
  const statement = database.prepare(sql)
  try {
    while (statement.step()) yield statement.get()
  } finally {
    statement.free()
  }
}
