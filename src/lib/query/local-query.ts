import {identifier} from '../catalog/table-source.js'
import {IntegrityError, QueryError} from '../errors.js'
import type {RowBatch, StatementFacts} from '../ports/warehouse.js'
import {readSyncState, type SyncState} from '../sync/sync-state.js'
import type {AnswerSource, LocalOrigin, RegisteredPart} from './answer-source.js'
import {TableBinder} from './bind-tables.js'
import {limitRows, type CountedRows} from './limit-rows.js'
import {missingTable} from './missing-table.js'
import {
  openQuerySession,
  unreadableCatalog,
  type QueryLimits,
  type QuerySession,
  type QuerySessionDeps,
} from './query-session.js'
import {checkStatement} from './statement-policy.js'
import {uniqueNames} from './unique-names.js'

/**
 * A query over the tables on this computer. Vocabulary: a *published* table came by pull and is read from
 * the exact files of the sync state; the *catalog* is the analyst's own database file; a *bound* table is
 * a temporary view over one of either. This room reads and never writes data; it knows no formats.
 */
export class LocalQuery implements AnswerSource {
  private constructor(
    public origin: LocalOrigin,
    private readonly sql: string,
    private readonly opened: QuerySession,
    private readonly binder: TableBinder,
  ) {}

  /**
   * Checks the statement and binds its tables. Errors: `QueryError` for SQL that is wrong or no query,
   * `IntegrityError` for a table whose files are not what was verified. Close it when done.
   */
  static async open(
    request: LocalRequest,
    deps: QuerySessionDeps,
    signal: AbortSignal,
  ): Promise<LocalQuery> {
    const {state, damage} = await readSyncState(deps.workspace)
    const {limits, allowedFiles = []} = request
    const opened = await openQuerySession(deps, {...limits, allowedFiles, state})
    try {
      const facts = await opened.session.inspect(request.sql)
      checkStatement(facts)
      const binder = new TableBinder(deps.workspace, opened.session, {
        state,
        hasCatalog: opened.hasCatalog,
      })
      if (damage !== null) binder.notices.push(damage)
      if (opened.catalogError && opened.catalogError.code !== 'database_locked')
        binder.notices.push(`Your own tables are left out: ${opened.catalogError.message}`)
      await binder.bind(facts.tableNames, signal)
      const origin = {source: 'local' as const, workspace: deps.workspace.root}
      const query = new LocalQuery(origin, request.sql, opened, binder)
      const registered = await request.prepare?.({
        ...{opened, binder, facts},
        resolve: (names) => query.resolve(names, signal),
      })
      if (registered) query.origin = {...origin, registered}
      return query
    } catch (error) {
      await opened.session.close()
      throw error
    }
  }

  /** What the reader should know, one sentence each. */
  get notices(): readonly string[] {
    return this.binder.notices
  }

  get state(): SyncState {
    return this.binder.state
  }

  /** @param limit most rows to give; `null` for all */
  async rows(limit: number | null, signal: AbortSignal): Promise<CountedRows> {
    const stream = await this.attempt(
      () => this.opened.session.stream(this.sql, [], signal),
      signal,
    )
    return limitRows({...stream, batches: repairable(stream.batches)}, limit)
  }

  /** Writes a Parquet file at an absolute path among the `allowedFiles`. */
  async exportParquet(
    path: string,
    limit: number | null,
    signal: AbortSignal,
  ): Promise<CountedRows['outcome']> {
    const {session} = this.opened
    const options = {path, nameColumns: uniqueNames, ...(limit === null ? {} : {limit})}
    const rowCount = await this.attempt(
      () => session.exportParquet(this.sql, options, signal),
      signal,
    )
    if (limit === null || rowCount < limit) return {rowCount, isTruncated: false}
    const {batches, outcome} = await this.rows(limit, signal)
    for await (const _batch of batches) continue
    return {rowCount, isTruncated: outcome.isTruncated}
  }

  /** To be called once the rows are read: tells when they may mix two versions of a table. */
  async assertWhole(): Promise<void> {
    await this.binder.assertWhole()
  }

  async close(): Promise<void> {
    await this.opened.session.close()
  }

  /** Fails as the query would for the first name that nothing answers to; reads no rows. */
  private async resolve(names: StatementFacts['tableNames'], signal: AbortSignal): Promise<void> {
    for (const {schema, name} of names) {
      const path = [...(schema?.split('.') ?? []), name].map(identifier).join('.')
      const probe = `SELECT 1 FROM ${path} LIMIT 0`
      await this.attempt(() => this.opened.session.rows(probe, [], signal), signal)
    }
  }

  /** A name that only shows when the engine looks for it (inside a macro) is bound then. */
  private async attempt<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof QueryError)) throw error
        const missing = error.details.missingTable
        if (typeof missing !== 'string') throw outsideTheWorkspace(error)
        if ((await this.binder.bind([nameOf(missing)], signal)) === 0)
          throw await this.explain(missing, error)
      }
    }
  }

  private async explain(missing: string, cause: QueryError): Promise<Error> {
    const {catalogError} = this.opened
    const names: string[] = []
    for await (const name of this.binder.names()) names.push(name)
    const explained = missingTable(missing, this.state, {names, cause})
    const couldBeOwn = explained.code === 'table_not_found' && catalogError !== null
    return couldBeOwn ? unreadableCatalog(missing, catalogError) : explained
  }
}

export interface LocalRequest {
  sql: string
  limits: QueryLimits
  allowedFiles?: readonly string[]
  /** Adds tables of its own to the session, once everything else is known to be right. */
  prepare?(target: PrepareTarget): Promise<readonly RegisteredPart[]>
}

export interface PrepareTarget {
  opened: QuerySession
  binder: TableBinder
  facts: StatementFacts
  /** Fails as the query would for the first of the names that nothing answers to. */
  resolve(names: StatementFacts['tableNames']): Promise<void>
}

/** Damage that only shows while rows are read names the way out as well. */
async function* repairable(batches: AsyncIterable<RowBatch>): AsyncGenerator<RowBatch> {
  try {
    yield* batches
  } catch (error) {
    if (!(error instanceof IntegrityError) || error.hint !== undefined) throw error
    const {code, details} = error
    const hint = 'Fetch what is damaged again: agnes verify --repair'
    throw new IntegrityError(error.message, {code, hint, details, cause: error})
  }
}

function nameOf(text: string): StatementFacts['tableNames'][number] {
  return {schema: null, name: text}
}

function outsideTheWorkspace(error: QueryError): QueryError {
  if (error.code !== 'not_permitted') return error
  return new QueryError(`A query reads files of the workspace only. ${error.message}`, {
    code: error.code,
    hint: 'Copy the file into the workspace and name it with its whole path.',
    details: error.details,
    cause: error,
  })
}
