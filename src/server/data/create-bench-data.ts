import type {Files} from '../../lib/ports/files.js'
import type {Warehouse} from '../../lib/ports/warehouse.js'
import {quoteText} from '../engine/scan-sql.js'

export interface BenchOptions {
  tables: number
  /** Of all Parquet files together, within some per cent. */
  totalBytes: number
}

const COLUMNS = 4
const BYTES_PER_ROW = 8 * COLUMNS
/** The first table is this share of the bytes, so that one file is big enough for ranges. */
const BIGGEST = 0.1

/**
 * Fills `files.root` with Parquet files `bench_000.parquet` … of numbers that do not compress: a plain
 * folder that the server extracts. One table in ten is ten times
 * smaller than the rest.
 */
export async function createBenchData(
  {tables, totalBytes}: BenchOptions,
  {files, warehouse}: {files: Files; warehouse: Warehouse},
  signal?: AbortSignal,
): Promise<void> {
  await files.createFolder('')
  const weights: number[] = Array.from({length: tables}, (_, index) => (index % 10 === 1 ? 0.1 : 1))
  weights[0] = 0
  const sum = weights.reduce((total, weight) => total + weight, 0) || 1
  const shares = weights.map((weight) => ((1 - BIGGEST) * weight) / sum)
  shares[0] = tables === 1 ? 1 : BIGGEST
  const rowsOf = (share: number) => Math.max(1, Math.round((totalBytes * share) / BYTES_PER_ROW))
  const session = await warehouse.open({path: ':memory:', access: 'write'})
  try {
    await session.run(
      `CREATE TABLE noise AS SELECT hash(range) AS a, hash(range + 1000000000) AS b, hash(range + 2000000000) AS c
       FROM range(${Math.max(...shares.map(rowsOf))})`,
      [],
      signal,
    )
    for (const [index, share] of shares.entries()) {
      const path = files.absolute(`bench_${String(index).padStart(3, '0')}.parquet`)
      const mark = `hash(${index})`
      // Without the dictionary limit the writer spends most of its time looking for repeats.
      await session.run(
        `COPY (
           SELECT xor(a, ${mark}) AS key, xor(b, ${mark}) AS code, xor(c, ${mark}) AS stamp,
             CAST(xor(a, ${mark}) % 1000000000 AS DOUBLE) / 97 AS amount
           FROM noise LIMIT ${rowsOf(share)}
         ) TO ${quoteText(path)}
         (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, USE_TMP_FILE false)`,
        [],
        signal,
      )
    }
  } finally {
    await session.close()
  }
}
