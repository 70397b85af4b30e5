// Parquet files to measure with, made by DuckDB.
import {mkdirSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {DuckDBInstance} from '@duckdb/node-api'

/** Bytes of a row of `noise` below: what does not compress stays as long as it is. */
const ROW_BYTES = 28

/**
 * Tables of very different sizes that together take about `totalBytes`, as companies have them: a few
 * are most of the bytes.
 * @returns {Promise<{files: string[], bytes: number}>}
 */
export async function makeTables(folder, {tables, totalBytes}) {
  mkdirSync(folder, {recursive: true})
  const shares = Array.from({length: tables}, (_, index) => 1 / (index + 1) ** 0.8)
  const sum = shares.reduce((a, b) => a + b)
  const connection = await open()
  const files = []
  for (const [index, share] of shares.entries()) {
    const rows = Math.max(1, Math.round((totalBytes * share) / sum / ROW_BYTES))
    const file = join(folder, `table_${String(index).padStart(3, '0')}.parquet`)
    await connection.run(
      `COPY (SELECT range AS id, uuid() AS noise, random() AS amount FROM range(${rows})) TO '${file}' (FORMAT parquet)`,
    )
    files.push(file)
  }
  connection.closeSync()
  return {files, bytes: files.reduce((bytes, file) => bytes + statSync(file).size, 0)}
}

/** One file of about `totalBytes`. */
export async function makeBigTable(file, totalBytes) {
  const connection = await open()
  await connection.run(
    `COPY (SELECT range AS id, uuid() AS noise, random() AS amount FROM range(${Math.round(totalBytes / ROW_BYTES)})) TO '${file}' (FORMAT parquet)`,
  )
  connection.closeSync()
}

async function open() {
  return (await DuckDBInstance.create(':memory:')).connect()
}
