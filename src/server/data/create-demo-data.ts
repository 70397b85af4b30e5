import {createHash} from 'node:crypto'
import type {Files} from '../../lib/ports/files.js'
import type {Warehouse, WarehouseSession} from '../../lib/ports/warehouse.js'
import {quoteName, quoteText} from '../engine/scan-sql.js'
import {
  readDemoDefinition,
  type DemoDefinition,
  type DemoNote,
  type DemoTable,
} from './demo-definition.js'
import {tableId} from './table-name.js'
import {demoPluginId, writeDemoPlugins} from './write-demo-plugins.js'
import {writeDemoExtract, type WrittenTable} from './write-demo-extract.js'

export interface DemoOptions {
  /** Multiplies the rows; 1 builds in about two seconds. */
  scale: number
  seed: number
}

export interface DemoDeps {
  /** Rooted at the server folder. */
  files: Files
  /** Rooted at `templates/demo`. */
  templates: Files
  warehouse: Warehouse
}

/** What the server's state must hold for the demo; plain data, nothing is stored here. */
export interface DemoSeed {
  groups: {name: string; description: string}[]
  users: {email: string; name: string; groups: string[]}[]
  /** E-mail of the one whose token is printed. */
  analyst: string
  grants: {group: string; tableId: string}[]
  /** Plugins of the marketplace, `<slug>/<plugin>`. */
  pluginGrants: {group: string; pluginId: string}[]
  /** In the form of a metrics file that the server imports. */
  metrics: Record<string, unknown>[]
  notes: DemoNote[]
}

/** What the data on disk was made from; written last, so that a broken-off start begins anew. */
const MARKER = 'state/demo.json'

/**
 * Makes the demo company in the server folder, unless it is there already with the same seed, scale and
 * definition. The same three give the same bytes. Sources of other names are left alone.
 */
export async function createDemoData(
  {scale, seed}: DemoOptions,
  deps: DemoDeps,
  signal?: AbortSignal,
): Promise<DemoSeed> {
  const definition = await readDemoDefinition(deps.templates)
  const recipe = JSON.stringify({seed, scale, definition: digest(definition)})
  if ((await deps.files.readText(MARKER)) !== recipe) {
    await deps.files.remove(MARKER)
    await build(definition, {scale, seed}, deps, signal)
    await deps.files.writeAtomic(MARKER, recipe)
  }
  await writeDemoPlugins(
    deps,
    definition.plugins.map(({name}) => name),
  )
  return {
    groups: definition.groups,
    users: definition.users,
    analyst: definition.analyst,
    grants: definition.tables.flatMap(({name, groups}) =>
      groups.map((group) => ({group, tableId: tableId(name)})),
    ),
    pluginGrants: definition.plugins.flatMap(({name, groups}) =>
      groups.map((group) => ({group, pluginId: demoPluginId(name)})),
    ),
    metrics: definition.metrics,
    notes: definition.notes,
  }
}

function digest({tables, sql}: DemoDefinition): string {
  return createHash('md5')
    .update(JSON.stringify([tables, [...sql]]))
    .digest('hex')
}

async function build(
  definition: DemoDefinition,
  options: DemoOptions,
  deps: DemoDeps,
  signal?: AbortSignal,
): Promise<void> {
  const sources = [...new Set(definition.tables.map(({source}) => source))]
  for (const source of sources) await deps.files.remove(`extracts/${source}`)
  const written: WrittenTable[] = []
  const session = await openMaker(deps.warehouse, ':memory:', options)
  try {
    for (const table of definition.tables) {
      const sql = definition.sql.get(table.name)
      if (sql === undefined) written.push({table, rows: null, sizeBytes: null})
      else if (table.query_mode === 'remote')
        written.push(await makeRemote(deps, {table, sql, options}, signal))
      else written.push(await makeTable(deps, {session, table, sql}, signal))
    }
  } finally {
    await session.close()
  }
  for (const source of sources)
    await writeDemoExtract(
      deps,
      source,
      written.filter(({table}) => table.source === source),
    )
}

/** One thread, so that rows and row groups fall in the same order every time. */
async function openMaker(
  warehouse: Warehouse,
  path: string,
  {scale, seed}: DemoOptions,
): Promise<WarehouseSession> {
  const session = await warehouse.open({path, access: 'write', threads: 1})
  const macros = [
    `pick(i, salt, n) AS CAST(hash(i, salt, ${seed}) % CAST(n AS UBIGINT) AS BIGINT)`,
    `share(i, salt) AS CAST(hash(i, salt, ${seed}) % 1000000 AS DOUBLE) / 1000000`,
    `scaled(n) AS greatest(1, CAST(round(n * ${scale}) AS BIGINT))`,
  ]
  for (const macro of macros) await session.run(`CREATE TEMP MACRO ${macro}`)
  return session
}

async function makeTable(
  {files}: DemoDeps,
  {session, table, sql}: {session: WarehouseSession; table: DemoTable; sql: string},
  signal?: AbortSignal,
): Promise<WrittenTable> {
  const name = quoteName(table.name)
  await session.run(`CREATE TABLE ${name} AS ${sql}`, [], signal)
  const data = `extracts/${table.source}/data`
  await files.createFolder(data)
  const rows = await session.rows(`SELECT count(*) FROM ${name}`, [], signal)
  const paths: string[] = []
  if (table.partition_by === undefined) {
    paths.push(`${data}/${table.name}.parquet`)
    await copyTo(session, {query: `FROM ${name}`, path: files.absolute(paths[0]!)}, signal)
  } else {
    const key = quoteName(table.partition_by)
    for (const [value] of await session.rows(
      `SELECT DISTINCT ${key} FROM ${name} ORDER BY 1`,
      [],
      signal,
    )) {
      const folder = `${data}/${table.name}/${table.partition_by}=${String(value)}`
      await files.createFolder(folder)
      paths.push(`${folder}/data.parquet`)
      const query = `SELECT * EXCLUDE (${key}) FROM ${name} WHERE ${key} = ${quoteText(String(value))}`
      await copyTo(session, {query, path: files.absolute(paths.at(-1)!)}, signal)
    }
  }
  let sizeBytes = 0
  for (const path of paths) sizeBytes += (await files.stat(path))?.sizeBytes ?? 0
  return {table, rows: Number(rows[0]?.[0]), sizeBytes}
}

async function copyTo(
  session: WarehouseSession,
  {query, path}: {query: string; path: string},
  signal?: AbortSignal,
): Promise<void> {
  await session.run(
    `COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
    [],
    signal,
  )
}

/** Remote tables live in a database file of their own, beside the extract that names it. */
async function makeRemote(
  {files, warehouse}: DemoDeps,
  {table, sql, options}: {table: DemoTable; sql: string; options: DemoOptions},
  signal?: AbortSignal,
): Promise<WrittenTable> {
  const folder = `extracts/${table.source}`
  await files.createFolder(folder)
  const session = await openMaker(warehouse, files.absolute(`${folder}/${REMOTE_FILE}`), options)
  try {
    const name = quoteName(table.name)
    await session.run(`CREATE TABLE ${name} AS ${sql}`, [], signal)
    const rows = Number((await session.rows(`SELECT count(*) FROM ${name}`, [], signal))[0]?.[0])
    const widths = await session.rows(`DESCRIBE ${name}`, [], signal)
    return {table, rows, sizeBytes: rows * widths.length * BYTES_PER_VALUE, remoteFile: REMOTE_FILE}
  } finally {
    await session.close()
  }
}

const REMOTE_FILE = 'warehouse.duckdb'
/** About what a warehouse counts per value, for the size the catalog shows. */
const BYTES_PER_VALUE = 8
