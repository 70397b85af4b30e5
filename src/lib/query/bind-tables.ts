import {planViews, type CatalogObject} from '../catalog/plan-views.js'
import {identifier, literal, tableSource} from '../catalog/table-source.js'
import {workspacePaths} from '../config/paths.js'
import {ForbiddenError, IntegrityError, QueryError} from '../errors.js'
import {JOURNAL_TABLE, journalSource} from '../journal/journal-source.js'
import type {Files} from '../ports/files.js'
import type {StatementFacts, WarehouseSession} from '../ports/warehouse.js'
import {withdrawnSource} from '../snapshot/withdrawn-source.js'
import {readSyncState, type InstalledTable, type SyncState} from '../sync/sync-state.js'
import {CATALOG_NAME} from './query-session.js'

type TableName = StatementFacts['tableNames'][number]

/** Schemas under which a temporary view, or the catalog's main schema, answers. */
const BINDABLE_SCHEMAS: readonly (string | null)[] = [null, 'main', 'temp', 'temp.main']
const CATALOG_SCHEMAS: readonly (string | null)[] = [CATALOG_NAME, `${CATALOG_NAME}.main`]

/**
 * Gives a session the tables a statement names, and no others, as temporary views: the engine looks for
 * those first, also from inside the analyst's own views. A base table or view of the analyst wins over a
 * published table of its name, and a published name, past or present, wins over a snapshot.
 */
export class TableBinder {
  /** What the reader should know, one sentence each. */
  readonly notices: string[] = []
  /** Published tables that were bound. */
  readonly tables: InstalledTable[] = []
  private readonly seen = new Set<string>()
  private byFoldedName: Map<string, string[]> | undefined
  private snapshots: Map<string, string> | undefined

  constructor(
    private readonly workspace: Files,
    private readonly session: WarehouseSession,
    private readonly options: {state: SyncState; hasCatalog: boolean},
  ) {}

  get state(): SyncState {
    return this.options.state
  }

  /** Binds what is new among `names` and what the analyst's views below them name; returns how many. */
  async bind(names: readonly TableName[], signal: AbortSignal): Promise<number> {
    let bound = 0
    let wanted = names
    while (wanted.length > 0) {
      const fresh = this.unseen(wanted)
      const own = await this.ownObjects(fresh, signal)
      wanted = []
      for (const {name} of fresh) {
        const object = own.get(name.toLowerCase())
        if (object && this.isUsersOwn(object)) wanted = [...wanted, ...(await this.keepOwn(object))]
        else if (await this.bindOne(name, signal)) bound++
      }
    }
    return bound
  }

  /** What answers to a name already, as words for a message; `null` when nothing does. */
  async holderOf(name: string, signal: AbortSignal): Promise<string | null> {
    const table = this.findTable(name)
    if (table) return `the pulled table ${table.name}`
    const snapshot = (await this.snapshotNames()).get(name.toLowerCase())
    if (snapshot !== undefined) return `the snapshot ${snapshot}`
    const [own] = (await this.ownObjects([{schema: null, name}], signal)).values()
    if (own && this.isUsersOwn(own)) return `your own ${own.kind} ${own.name}`
    return this.isBlocked(name) ? 'a table that the server has withdrawn from you' : null
  }

  /** Tables that can be queried by name. */
  async *names(): AsyncGenerator<string> {
    yield* this.state.tables.keys()
    yield* (await this.snapshotNames()).keys()
  }

  /**
   * Partitioned tables are opened part by part while the query runs; one that a pull replaced meanwhile
   * may have been read half old, half new.
   */
  async assertWhole(): Promise<void> {
    for (const table of this.tables) {
      if (!table.isPartitioned || (await this.isWhole(table))) continue
      throw new IntegrityError(`${table.name} was replaced while the query read it.`, {
        code: 'table_replaced',
        hint: 'Run the query again: the table is whole now.',
        details: {table: table.name},
      })
    }
  }

  private unseen(names: readonly TableName[]): TableName[] {
    return names.filter(({schema, name}) => {
      const folded = schema?.toLowerCase() ?? null
      if (!BINDABLE_SCHEMAS.includes(folded) && !CATALOG_SCHEMAS.includes(folded)) return false
      const key = name.toLowerCase()
      if (this.seen.has(key)) return false
      this.seen.add(key)
      return true
    })
  }

  private isUsersOwn(object: CatalogObject): boolean {
    const asWanted = {name: object.name, query: '', fingerprint: ''}
    if (planViews([asWanted], [object], []).shadowed.length === 0) return false
    // A view the reference client made over a snapshot of a table that has since been withdrawn.
    return !(
      object.kind === 'view' &&
      this.isBlocked(object.name) &&
      /user\/snapshots\//.test(object.sql ?? '')
    )
  }

  /** Leaves a name to the analyst; returns the names its definition reads. */
  private async keepOwn(object: CatalogObject): Promise<readonly TableName[]> {
    if (this.findTable(object.name))
      this.notices.push(
        `${object.name} is your own ${object.kind} of ${workspacePaths.catalog}; the published table of that name was not read.`,
      )
    if (object.kind === 'table' || object.sql === null) return []
    return (await this.session.inspect(object.sql)).tableNames
  }

  private async bindOne(name: string, signal: AbortSignal): Promise<boolean> {
    const table = await this.wholeTable(name)
    if (table) {
      await this.bindTable(table, signal)
      return true
    }
    const snapshot = (await this.snapshotNames()).get(name.toLowerCase())
    if (this.isBlocked(name)) return false
    if (snapshot === undefined) return this.bindJournal(name, signal)
    const source = await withdrawnSource(this.workspace, snapshot, this.state)
    if (source !== null) throw withdrawn(snapshot, source)
    const path = this.workspace.absolute(`${workspacePaths.snapshots}/${snapshot}.parquet`)
    await this.createView(snapshot, `read_parquet(${literal(path)})`, signal)
    return true
  }

  /** A pull may move the files while they are opened: then the state of the moment after decides. */
  private async bindTable(table: InstalledTable, signal: AbortSignal): Promise<void> {
    const source = tableSource(table, (path) => this.workspace.absolute(path))
    try {
      await this.createView(table.name, source, signal)
      this.tables.push(table)
    } catch (error) {
      if (signal.aborted || !(error instanceof IntegrityError)) throw error
      const now = await this.readAgain(table.name)
      if (!now || JSON.stringify(now.files) === JSON.stringify(table.files)) throw error
      await this.bindTable(now, signal)
    }
  }

  private async readAgain(name: string): Promise<InstalledTable | undefined> {
    this.options.state = (await readSyncState(this.workspace)).state
    this.byFoldedName = undefined
    return this.findTable(name)
  }

  /** Decisions answer to a name of their own where nothing else does. */
  private async bindJournal(name: string, signal: AbortSignal): Promise<boolean> {
    if (name.toLowerCase() !== JOURNAL_TABLE) return false
    await this.createView(name, await journalSource(this.workspace), signal)
    return true
  }

  private async createView(name: string, source: string, signal: AbortSignal): Promise<void> {
    const sql = `CREATE OR REPLACE TEMP VIEW ${identifier(name)} AS SELECT * FROM ${source}`
    try {
      await this.session.run(sql, [], signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof IntegrityError || isFileError(error))) throw error
      throw damaged(name, error.message, error)
    }
  }

  /** An installed table whose files are as they were verified; the state is read again before giving up. */
  private async wholeTable(name: string): Promise<InstalledTable | undefined> {
    const table = this.findTable(name)
    if (!table || (await this.isWhole(table))) return table
    const again = await this.readAgain(name)
    if (!again || (await this.isWhole(again))) return again
    throw damaged(table.name, 'its files are not the ones that were verified')
  }

  private async isWhole({files}: InstalledTable): Promise<boolean> {
    const facts = await this.workspace.statMany(files.map(({path}) => path))
    return files.every(({path, sizeBytes}) => facts.get(path)?.sizeBytes === sizeBytes)
  }

  private findTable(name: string): InstalledTable | undefined {
    const exact = this.state.tables.get(name)
    if (exact) return exact
    if (!this.byFoldedName) {
      this.byFoldedName = new Map()
      for (const known of this.state.tables.keys()) {
        const folded = known.toLowerCase()
        this.byFoldedName.set(folded, [...(this.byFoldedName.get(folded) ?? []), known])
      }
    }
    const candidates = this.byFoldedName.get(name.toLowerCase()) ?? []
    if (candidates.length > 1)
      throw new QueryError(`${name} could be any of ${candidates.join(', ')}.`, {
        code: 'ambiguous_table',
        hint: 'Write the name exactly as one of them.',
        details: {candidates},
      })
    return this.state.tables.get(candidates[0] ?? '')
  }

  private isBlocked(name: string): boolean {
    const folded = name.toLowerCase()
    return this.state.blockedNames.some((blocked) => blocked.toLowerCase() === folded)
  }

  /** Folded name to file stem. */
  private async snapshotNames(): Promise<Map<string, string>> {
    if (!this.snapshots) {
      const files = await this.workspace.list(workspacePaths.snapshots)
      const stems = files
        .filter((file) => file.endsWith('.parquet'))
        .map((file) => file.slice(0, -8))
      this.snapshots = new Map(stems.map((stem) => [stem.toLowerCase(), stem]))
    }
    return this.snapshots
  }

  /** What the analyst's catalog has under these names, in its main schema. */
  private async ownObjects(
    names: readonly TableName[],
    signal: AbortSignal,
  ): Promise<Map<string, CatalogObject>> {
    if (!this.options.hasCatalog || names.length === 0) return new Map()
    const list = [...new Set(names.map(({name}) => literal(name.toLowerCase())))].join(', ')
    const where = `database_name = ${literal(CATALOG_NAME)} AND schema_name = 'main' AND NOT internal`
    const rows = await this.session.rows(
      `SELECT table_name, 'table', NULL, comment FROM duckdb_tables()
        WHERE ${where} AND lower(table_name) IN (${list})
       UNION ALL SELECT view_name, 'view', sql, comment FROM duckdb_views()
        WHERE ${where} AND lower(view_name) IN (${list})`,
      [],
      signal,
    )
    return new Map(
      rows.map(([name, kind, sql, comment]) => [
        (name as string).toLowerCase(),
        {name, kind, sql, comment} as CatalogObject,
      ]),
    )
  }
}

function isFileError(error: unknown): error is QueryError {
  return (
    error instanceof QueryError && (error.code === 'io_error' || error.code === 'not_permitted')
  )
}

function withdrawn(snapshot: string, source: string): ForbiddenError {
  return new ForbiddenError(
    `The snapshot ${snapshot} was made from ${source}, which the server no longer lists for you.`,
    {
      code: 'snapshot_withdrawn',
      hint: `Ask an administrator for access, then run: agnes pull. Or remove it: agnes snapshot drop ${snapshot}`,
      details: {snapshot, source},
    },
  )
}

function damaged(table: string, why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`The table ${table} cannot be read: ${why}.`, {
    code: 'table_damaged',
    hint: 'Fetch what is damaged again: agnes verify --repair',
    details: {table},
    cause,
  })
}
