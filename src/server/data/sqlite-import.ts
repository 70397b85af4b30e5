import {stat} from 'node:fs/promises'
import {basename} from 'node:path'
import {MissingError, TooLargeError} from '../../lib/errors.js'
import type {WarehouseSession} from '../../lib/ports/warehouse.js'
import {quoteName, quoteText} from '../engine/scan-sql.js'
import type {DataStoreDeps} from './open-data-store.js'
import {readSqlite} from './sqlite-reader.js'
import {duckExpression} from './sqlite-types.js'

const MAX_BYTES = 1 << 30

/**
 * A DuckDB copy of an SQLite file, made anew when the file changed; returns its path. See
 * docs/decisions/0010-sqlite-remote-sources.md.
 */
export async function importSqlite(
  deps: DataStoreDeps,
  {source, alias, file}: {source: string; alias: string; file: string},
  signal?: AbortSignal,
): Promise<string> {
  const name = basename(file)
  const facts = await stat(file).catch(() => undefined)
  if (!facts) throw new MissingError(`The SQLite file ${name} of ${source} is not there.`)
  const target = `state/remote/${source}.${alias}.${facts.size}-${Math.trunc(facts.mtimeMs)}.duckdb`
  if (await deps.files.stat(target)) return deps.files.absolute(target)

  const building = `state/remote/.${source}.${alias}.${deps.random.hex(4)}.tmp`
  await deps.files.createFolder('state/remote')
  try {
    const session = await deps.warehouse.open({
      path: deps.files.absolute(building),
      access: 'write',
    })
    try {
      if (await hasExtension(session)) await copyByExtension(session, file, signal)
      else if (facts.size <= MAX_BYTES) await copyByReader(deps, {session, file, building}, signal)
      else throw tooLarge(name, facts.size)
    } finally {
      await session.close()
    }
    await removeOlder(deps, `${source}.${alias}.`)
    await deps.files.install(building, target)
  } finally {
    await deps.files.remove(building)
    await deps.files.remove(`${building}.ndjson`)
  }
  deps.logger.info('server.sqlite_imported', {source, alias, sizeBytes: facts.size})
  return deps.files.absolute(target)
}

function tooLarge(name: string, sizeBytes: number): TooLargeError {
  return new TooLargeError(
    `The SQLite file ${name} has ${sizeBytes} bytes, more than this server reads by itself.`,
    {
      code: 'sqlite_too_large',
      hint: 'Run INSTALL sqlite in any DuckDB of this account, then start again.',
    },
  )
}

async function hasExtension(session: WarehouseSession): Promise<boolean> {
  const rows = await session.rows(
    "SELECT installed FROM duckdb_extensions() WHERE extension_name = 'sqlite_scanner'",
  )
  return rows[0]?.[0] === true
}

async function copyByExtension(
  session: WarehouseSession,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  await session.run('LOAD sqlite')
  await session.run(`ATTACH ${quoteText(file)} AS agnes_sqlite (TYPE sqlite, READ_ONLY)`)
  const names = await session.rows(
    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'agnes_sqlite' ORDER BY 1",
  )
  for (const [name] of names)
    await session.run(
      `CREATE TABLE ${quoteName(String(name))} AS FROM agnes_sqlite.${quoteName(String(name))}`,
      [],
      signal,
    )
  await session.run('DETACH agnes_sqlite')
}

async function copyByReader(
  deps: DataStoreDeps,
  {session, file, building}: {session: WarehouseSession; file: string; building: string},
  signal?: AbortSignal,
): Promise<void> {
  const lines = `${building}.ndjson`
  for await (const table of readSqlite(file, signal)) {
    await deps.files.remove(lines)
    await deps.files.append(lines, '')
    for (const chunk of table.chunks()) {
      signal?.throwIfAborted()
      await deps.files.append(lines, chunk)
    }
    const columns = table.columns.map((_, index) => `c${index}: 'VARCHAR'`).join(', ')
    const values = table.columns.map(
      (plan, index) => `${duckExpression(plan, index)} AS ${quoteName(plan.name)}`,
    )
    await session.run(
      `CREATE TABLE ${quoteName(table.name)} AS SELECT ${values.join(', ')}
       FROM read_json(${quoteText(deps.files.absolute(lines))}, format = 'newline_delimited',
         columns = {${columns}}, maximum_object_size = 1073741824)`,
      [],
      signal,
    )
  }
}

async function removeOlder(deps: DataStoreDeps, prefix: string): Promise<void> {
  for (const name of await deps.files.list('state/remote'))
    if (name.startsWith(prefix)) await deps.files.remove(`state/remote/${name}`)
}
