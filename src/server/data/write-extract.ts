import {quoteName, quoteText} from '../engine/scan-sql.js'
import type {DataStoreDeps} from './open-data-store.js'

/** A table of a plain folder as it was extracted. */
export interface ExtractedFile {
  name: string
  /** The file or folder it came from, relative to the server folder. */
  path: string
  fingerprint: string
  rows: number
  /** ISO 8601. */
  extractedAt: string
}

/** Writes `extract.duckdb` beside the old one, then replaces it. */
export async function writeExtract(
  {files, warehouse, random}: DataStoreDeps,
  {source, tables}: {source: string; tables: readonly ExtractedFile[]},
): Promise<void> {
  const building = `${source}/.extract.${random.hex(4)}.duckdb`
  await files.createFolder(`${source}/data`)
  const session = await warehouse.open({path: files.absolute(building), access: 'write'})
  try {
    await session.run(
      `CREATE TABLE _meta (table_name VARCHAR, description VARCHAR, rows BIGINT, size_bytes BIGINT,
         extracted_at TIMESTAMP, query_mode VARCHAR)`,
    )
    for (const table of tables) {
      const flat = `${source}/data/${table.name}.parquet`
      const facts = await files.stat(flat)
      await session.run(`INSERT INTO _meta VALUES (?, ?, ?, ?, CAST(? AS TIMESTAMP), 'local')`, [
        table.name,
        `From ${table.path}`,
        BigInt(table.rows),
        facts ? BigInt(facts.sizeBytes) : null,
        table.extractedAt,
      ])
      const glob = facts ? flat : `${source}/data/${table.name}/**/*.parquet`
      await session.run(
        `CREATE VIEW ${quoteName(table.name)} AS
         FROM read_parquet(${quoteText(files.absolute(glob))}, union_by_name = true)`,
      )
    }
  } finally {
    await session.close()
  }
  await files.install(building, `${source}/extract.duckdb`)
}
