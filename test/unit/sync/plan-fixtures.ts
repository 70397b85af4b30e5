import type {FileFacts} from '../../../src/lib/ports/files.js'
import type {PlanInput} from '../../../src/lib/sync/plan-model.js'
import {
  emptySyncState,
  type InstalledTable,
  type SyncState,
} from '../../../src/lib/sync/sync-state.js'
import type {Manifest, ManifestTable} from '../../../src/lib/wire/manifest.js'

export const hashOf = (text: string): string =>
  [...text]
    .reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7)
    .toString(16)
    .padStart(32, '0')

export function row(name: string, over: Partial<ManifestTable> = {}): ManifestTable {
  return {
    name,
    hash: hashOf(name),
    rows: 3,
    sizeBytes: 100,
    updated: '2026-01-01T00:00:00',
    queryMode: 'local',
    isServerOnly: false,
    parts: null,
    ...over,
  }
}

export function manifestOf(rows: ManifestTable[], over: Partial<Manifest> = {}): Manifest {
  const tables = new Map(rows.map((table) => [table.name, table]))
  return {tables, unsafeNames: [], authorised: null, ...over}
}

export function installed(name: string, over: Partial<InstalledTable> = {}): InstalledTable {
  const md5 = over.hash ?? hashOf(name)
  return {
    name,
    hash: md5,
    rows: 3,
    sizeBytes: 100,
    isPartitioned: false,
    files: [{path: `server/parquet/${name}.parquet`, sizeBytes: 100, mtimeMs: 1000, md5}],
    installedAt: '2026-01-01T00:00:00.000Z',
    updated: '2026-01-01T00:00:00',
    queryMode: 'local',
    ...over,
  }
}

export function stateOf(tables: InstalledTable[]): SyncState {
  return {...emptySyncState(), tables: new Map(tables.map((table) => [table.name, table]))}
}

/** The files of the state as they lie on disk when nobody touched them. */
export function factsOf(state: SyncState): Map<string, FileFacts> {
  const files = [...state.tables.values()].flatMap((table) => table.files)
  return new Map(
    files.map(({path, sizeBytes, mtimeMs}) => [path, {sizeBytes, mtimeMs, isDirectory: false}]),
  )
}

export function input(over: Partial<PlanInput> & Pick<PlanInput, 'manifest' | 'state'>): PlanInput {
  return {
    facts: factsOf(over.state),
    hashes: new Map(),
    options: {only: null, isMaterializedSkipped: false, isVerify: false},
    ...over,
  }
}
