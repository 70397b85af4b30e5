import {parquet} from '../unit/sync/pull-world.js'
import type {PublishedFile} from './counting-server.js'

/** A table of one file, for the counting server. */
export async function flatTable(table: string, rows: number): Promise<PublishedFile> {
  return {table, part: null, bytes: await parquet(rows)}
}
