/** The shapes of the sync state. Reading it is sync-state.ts, writing it state-store.ts. */

/** One file of an installed table, as it was when its bytes were verified. */
export interface InstalledFile {
  /** Relative to the workspace, with `/`. */
  path: string
  sizeBytes: number
  /** Whole milliseconds; a file whose size or mtime moved is hashed again before it is trusted. */
  mtimeMs: number
  /** Lower-case hex MD5 of the bytes. */
  md5: string
  /** What the manifest called this part, where that was not the MD5 of the bytes it sent. */
  listedHash?: string
}

export interface InstalledTable {
  /** The registry name: manifest key, file name and view name. */
  name: string
  /** The manifest's hash: the file's MD5, the rollup over the parts, or `''` where the server gave none. */
  hash: string
  rows: number | null
  sizeBytes: number
  isPartitioned: boolean
  /** The exact files that make up the table; a query reads these and no others. */
  files: InstalledFile[]
  /** ISO 8601, our clock. */
  installedAt: string
  /** The server's own data time, as sent; informational. */
  updated: string | null
  /** `local` or `materialized`, as the manifest said; absent when an older client wrote the entry. */
  queryMode?: string
}

/** A table the server lists for this person that is not downloaded, and why. */
export interface ListedTable {
  name: string
  queryMode: string
  reason:
    | 'remote'
    | 'server_only'
    | 'not_materialized'
    | 'skipped_materialized'
    | 'not_in_packages'
    | 'unsafe_name'
}

export interface SyncState {
  /** Origin the tables came from; `null` before the first pull. */
  server: string | null
  tables: Map<string, InstalledTable>
  listed: ListedTable[]
  /** Names that once were local and are no longer granted: snapshots must not answer for them. */
  blockedNames: string[]
  manifestEtag: string | null
  /** ISO 8601; the last pull that ended with nothing failed. */
  lastSuccessAt: string | null
  lastAttempt: {at: string; exitCode: number; message: string | null} | null
  /** What the catalog file held after the last registration; `behind` says why it is older than the tables. */
  catalog: {views: Record<string, string>; behind: string | null; root?: string}
  /** ETag of the company notes in `.claude/rules`, and how many files they are. */
  notes?: {etag: string | null; files: number}
}

export function emptySyncState(): SyncState {
  return {
    server: null,
    tables: new Map(),
    listed: [],
    blockedNames: [],
    manifestEtag: null,
    lastSuccessAt: null,
    lastAttempt: null,
    catalog: {views: {}, behind: null},
    notes: {etag: null, files: 0},
  }
}
