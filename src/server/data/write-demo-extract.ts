import type {Files} from '../../lib/ports/files.js'
import type {Warehouse, WarehouseSession} from '../../lib/ports/warehouse.js'
import {quoteName, quoteText} from '../engine/scan-sql.js'
import type {DemoTable} from './demo-definition.js'

export interface WrittenTable {
  table: DemoTable
  rows: number | null
  sizeBytes: number | null
  /** For remote tables: the database file, relative to the source's folder. */
  remoteFile?: string
}

/** The demo's own clock: data made twice is the same data. */
const EXTRACTED_AT = '2026-06-30 23:30:00'
const ALIAS = 'wh'

/** The list of tables of one source, written last and renamed into place. */
export async function writeDemoExtract(
  {files, warehouse}: {files: Files; warehouse: Warehouse},
  source: string,
  tables: readonly WrittenTable[],
): Promise<void> {
  const folder = `extracts/${source}`
  const building = `${folder}/.extract.duckdb`
  await files.remove(building)
  await files.createFolder(folder)
  const session = await warehouse.open({path: files.absolute(building), access: 'write'})
  try {
    await session.run(
      `CREATE TABLE _meta (table_name VARCHAR, description VARCHAR, rows BIGINT, size_bytes BIGINT,
         extracted_at TIMESTAMP, query_mode VARCHAR, server_only BOOLEAN, partition_by VARCHAR,
         clustered_by VARCHAR[])`,
    )
    for (const written of tables) await insertMeta(session, written)
    await attachRemote(session, files, {folder, tables})
    for (const {table, rows, remoteFile} of tables) {
      if (rows === null) continue
      const data = `${folder}/data/${table.name}${table.partition_by === undefined ? '' : '/**/*'}.parquet`
      const body =
        remoteFile === undefined
          ? `read_parquet(${quoteText(files.absolute(data))})`
          : `${ALIAS}.main.${quoteName(table.name)}`
      await session.run(`CREATE VIEW ${quoteName(table.name)} AS SELECT * FROM ${body}`)
    }
  } finally {
    await session.close()
  }
  await files.install(building, `${folder}/extract.duckdb`)
}

async function insertMeta(
  session: WarehouseSession,
  {table, rows, sizeBytes}: WrittenTable,
): Promise<void> {
  await session.run(
    `INSERT INTO _meta VALUES (?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TIMESTAMP), ?, ?,
       CAST(? AS VARCHAR), string_split(CAST(? AS VARCHAR), ','))`,
    [
      table.name,
      table.description,
      rows === null ? null : String(rows),
      sizeBytes === null ? null : String(sizeBytes),
      rows === null ? null : EXTRACTED_AT,
      table.query_mode ?? 'local',
      table.server_only ?? false,
      table.partition_by ?? null,
      table.clustered_by?.join(',') ?? null,
    ],
  )
}

async function attachRemote(
  session: WarehouseSession,
  files: Files,
  {folder, tables}: {folder: string; tables: readonly WrittenTable[]},
): Promise<void> {
  const remoteFile = tables.find(({remoteFile}) => remoteFile !== undefined)?.remoteFile
  if (remoteFile === undefined) return
  await session.run(
    'CREATE TABLE _remote_attach (alias VARCHAR, extension VARCHAR, url VARCHAR, token_env VARCHAR)',
  )
  await session.run(`INSERT INTO _remote_attach VALUES (?, 'duckdb', ?, '')`, [ALIAS, remoteFile])
  await session.run(
    `ATTACH ${quoteText(files.absolute(`${folder}/${remoteFile}`))} AS ${ALIAS} (READ_ONLY)`,
  )
}
