import type {Files} from '../ports/files.js'
import type {InstalledTable, ListedTable, SyncState} from '../sync/sync-state.js'

/** What is known here of a table that was pulled. */
export interface LocalTable {
  /** `damaged`: a file is gone or has another size. Only `agnes verify` reads the bytes. */
  state: 'ok' | 'damaged'
  rows: number | null
  sizeBytes: number
  /** Files of a partitioned table; `null` for a table of one file. */
  parts: number | null
  /** ISO 8601, when it was pulled. */
  installedAt: string
  /** When the server last refreshed the data, as it said at the pull. */
  dataUpdatedAt: string | null
}

/** Pulled tables by name in lower case. */
export async function localTables(
  workspace: Files | null,
  state: SyncState,
): Promise<Map<string, LocalTable>> {
  const tables = [...state.tables.values()]
  if (!workspace || tables.length === 0) return new Map()
  const paths = tables.flatMap(({files}) => files.map(({path}) => path))
  const facts = await workspace.statMany(paths)
  const isWhole = ({files}: InstalledTable) =>
    files.every(({path, sizeBytes}) => {
      const found = facts.get(path)
      // The reference client did not note sizes.
      return found !== undefined && (sizeBytes < 0 || found.sizeBytes === sizeBytes)
    })
  return new Map(
    tables.map((table) => [
      table.name.toLowerCase(),
      {
        state: isWhole(table) ? 'ok' : 'damaged',
        rows: table.rows,
        sizeBytes: table.sizeBytes,
        parts: table.isPartitioned ? table.files.length : null,
        installedAt: table.installedAt,
        dataUpdatedAt: table.updated,
      },
    ]),
  )
}

/** Why the last pull left a table out; `null` when it did not list it so. */
export function skippedBecause(state: SyncState, name: string): ListedTable['reason'] | null {
  const folded = name.toLowerCase()
  return state.listed.find((listed) => listed.name.toLowerCase() === folded)?.reason ?? null
}
