import {workspacePaths} from '../config/paths.js'

/** Where the published files of a table lie, relative to the workspace. Names have passed `isSafeName`. */

export function flatPath(table: string): string {
  return `${workspacePaths.parquet}/${table}.parquet`
}

/** The folder of a partitioned table. */
export function partsFolder(table: string): string {
  return `${workspacePaths.parquet}/${table}`
}

export function partPath(table: string, part: string): string {
  return `${partsFolder(table)}/${part}`
}

/** Verified parts of tables whose change is not committed yet. */
export const stagingFolder = '.claude/agnes/staged'

export function stagedFolder(table: string): string {
  return `${stagingFolder}/${table}`
}

/** The same path below the folder as in the table: the engine reads partition keys from it. */
export function stagedPath(table: string, part: string): string {
  return `${stagedFolder(table)}/${part}`
}
