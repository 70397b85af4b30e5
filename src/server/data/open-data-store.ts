import type {Clock} from '../../lib/ports/clock.js'
import type {Files} from '../../lib/ports/files.js'
import type {Logger} from '../../lib/ports/logger.js'
import type {Random} from '../../lib/ports/random.js'
import type {Warehouse} from '../../lib/ports/warehouse.js'
import type {DataStore, PublishedTable} from '../model.js'
import {extractPlainFolder} from './plain-folder.js'
import type {RemoteSource} from './remote-source.js'
import {scanSources, type ScannedSource} from './scan-sources.js'

/**
 * The published data of one server folder. Vocabulary: a *source* is a folder below `extracts/` written
 * by one extractor; its `extract.duckdb` says which tables there are, `data/` holds their Parquet files.
 * Nothing here decides who may read what, and nothing but the plain-folder extraction writes below
 * `extracts/`.
 */
export interface OpenedDataStore extends DataStore {
  /** How to reach a remote table; `undefined` for tables that are files. */
  remoteOf(table: PublishedTable): RemoteSource | undefined
}

export interface DataStoreDeps {
  /** Rooted at the server folder. */
  files: Files
  warehouse: Warehouse
  logger: Logger
  clock: Clock
  random: Random
  /** Reads the environment variable that a `token_env` names. */
  secret: (name: string) => string | undefined
}

/** Extracts a plain folder first where there is one; a source that cannot be read is logged and left out. */
export async function openDataStore(
  deps: DataStoreDeps,
  signal?: AbortSignal,
): Promise<OpenedDataStore> {
  let sources: ScannedSource[] = []
  let tables: readonly PublishedTable[] = []
  let byId = new Map<string, PublishedTable>()
  let byName = new Map<string, PublishedTable>()
  let remotes = new Map<string, RemoteSource>()
  let scanning: Promise<void> = Promise.resolve()

  const scan = async (stop?: AbortSignal) => {
    await extractPlainFolder(deps, stop)
    sources = await scanSources(deps, sources, stop)
    const winners = firstOfEachId(sources, deps.logger)
    if (JSON.stringify(winners) !== JSON.stringify(tables)) tables = winners
    byId = new Map(tables.map((table) => [table.id, table]))
    byName = new Map(tables.map((table) => [table.name, table]))
    remotes = new Map(sources.map(({name, remote}) => [name, remote]))
  }
  await scan(signal)

  return {
    tables: () => tables,
    byId: (id) => byId.get(id),
    byName: (name) => byName.get(name),
    remoteOf: (table) => (table.queryMode === 'remote' ? remotes.get(table.source) : undefined),
    rescan(stop) {
      scanning = scanning.then(
        () => scan(stop),
        () => scan(stop),
      )
      return scanning
    },
    async close() {
      await scanning.catch(() => undefined)
    },
  }
}

/** One table per id: the source whose folder sorts first keeps the name, every loser is logged. */
function firstOfEachId(sources: readonly ScannedSource[], logger: Logger): PublishedTable[] {
  const winners = new Map<string, PublishedTable>()
  for (const {tables} of sources) {
    for (const table of tables) {
      const winner = winners.get(table.id)
      if (winner)
        logger.warn('server.table_name_taken', {
          table: table.name,
          keptFrom: winner.source,
          ignoredFrom: table.source,
        })
      else winners.set(table.id, table)
    }
  }
  return [...winners.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
