import type {DataStore, PublishedTable, QueryMode} from './model.js'
import type {Caller, CatalogTable, TableAccess} from './route-deps.js'
import type {RegistryRow} from './state/rows.js'
import type {SystemState} from './state/system-state.js'

interface Snapshot {
  tables: readonly CatalogTable[]
  byId: ReadonlyMap<string, CatalogTable>
  byName: ReadonlyMap<string, CatalogTable>
  published: readonly PublishedTable[]
  accessVersion: number
}

/**
 * Published data under its registry rows, and who may read what. Built anew only when the data or
 * the registry changed; what a set of groups may see is kept until then.
 */
export class TableCatalog implements TableAccess {
  private snapshot: Snapshot | undefined
  private readonly visibleByGroups = new Map<string, readonly CatalogTable[]>()

  constructor(
    private readonly store: DataStore,
    private readonly state: SystemState,
  ) {}

  /** Every table, for admins, sorted by name. */
  all(): readonly CatalogTable[] {
    return this.current().tables
  }

  visible(caller: Caller): readonly CatalogTable[] {
    const {tables} = this.current()
    if (caller.isAdmin) return tables
    const key = caller.groupIds.join()
    let visible = this.visibleByGroups.get(key)
    if (!visible) {
      visible = tables.filter(({id}) => this.canRead(caller, id))
      this.visibleByGroups.set(key, visible)
    }
    return visible
  }

  find(reference: string): CatalogTable | undefined {
    const {byName, byId} = this.current()
    return byName.get(reference) ?? byId.get(reference)
  }

  findFor(caller: Caller, reference: string): CatalogTable | undefined {
    const {byName, byId} = this.current()
    return [byName.get(reference), byId.get(reference)].find(
      (table) => table !== undefined && this.canRead(caller, table.id),
    )
  }

  canRead(caller: Caller, tableId: string): boolean {
    if (caller.isAdmin) return true
    return caller.groupIds.some((groupId) => this.state.isGranted(groupId, 'table', tableId))
  }

  private current(): Snapshot {
    const published = this.store.tables()
    const {accessVersion} = this.state
    if (this.snapshot?.published === published && this.snapshot.accessVersion === accessVersion)
      return this.snapshot
    this.visibleByGroups.clear()
    const tables = merge(published, [...this.state.all('registry')])
    this.snapshot = {
      tables,
      byId: new Map(tables.map((table) => [table.id, table])),
      byName: new Map(tables.map((table) => [table.name, table])),
      published,
      accessVersion,
    }
    return this.snapshot
  }
}

function merge(published: readonly PublishedTable[], rows: readonly RegistryRow[]): CatalogTable[] {
  const rowsById = new Map(rows.map((row) => [row.id, row]))
  const tables = published
    .filter(({id}) => !rowsById.get(id)?.isHidden)
    .map((table) => underRow(table, rowsById.get(table.id)))
  const found = new Set(published.map(({id}) => id))
  for (const row of rows) if (!row.isHidden && !found.has(row.id)) tables.push(withoutData(row))
  return tables.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function underRow(table: PublishedTable, row: RegistryRow | undefined): CatalogTable {
  const document: Record<string, unknown> = row?.document ?? {}
  return {
    ...table,
    description: textOr(document.description, table.description),
    sourceType: textOr(document.source_type, table.sourceType),
    serverOnly: typeof document.server_only === 'boolean' ? document.server_only : table.serverOnly,
    syncStrategy: textOr(document.sync_strategy, 'full_refresh'),
    isPublished: true,
  }
}

function withoutData(row: RegistryRow): CatalogTable {
  const {document} = row
  return {
    id: row.id,
    name: row.name,
    source: '',
    sourceType: textOr(document.source_type, ''),
    description: textOr(document.description, ''),
    queryMode: textOr(document.query_mode, 'local') as QueryMode,
    serverOnly: document.server_only === true,
    rows: null,
    sizeBytes: null,
    hash: null,
    updated: null,
    file: null,
    mtimeMs: null,
    parts: null,
    partitionBy: null,
    clusteredBy: [],
    syncStrategy: textOr(document.sync_strategy, 'full_refresh'),
    isPublished: false,
  }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback
}
