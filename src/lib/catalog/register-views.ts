import {workspacePaths} from '../config/paths.js'
import {IntegrityError, toAgnesError, type AgnesError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Warehouse, WarehouseSession} from '../ports/warehouse.js'
import {markOf, planViews, type CatalogObject, type WantedView} from './plan-views.js'
import {identifier, literal} from './table-source.js'

/**
 * Keeps the views of `user/duckdb/analytics.duckdb` in step with the installed tables, for the analyst's
 * own tools; `agnes query` does not need them. Touches only what planViews calls ours, in one
 * transaction. The file being locked or broken is never a reason for a pull to fail.
 */

/** What the state remembers of the last registration, so that the engine is not loaded for nothing. */
export interface CatalogState {
  /** Name to fingerprint; `shadowed:` or `failed:` in front where the view could not be made. */
  views: Record<string, string>
  behind: string | null
  /** Folder the views point into; a moved workspace needs new ones. */
  root?: string
}

export interface CatalogOutcome {
  /** `unchanged` nothing to do; `updated`; `behind` the views are older than the tables, see `behind`. */
  state: 'unchanged' | 'updated' | 'behind'
  /** Views made or made anew. */
  registered: string[]
  dropped: string[]
  /** Tables whose name a table or view of the user holds; theirs was left alone. */
  shadowed: string[]
  /** Tables the engine could not make a view of. */
  failed: {table: string; error: string}[]
  /** Why the views are older than the tables; `null` when they are not. */
  behind: string | null
  /** Where a damaged catalog file was put; `null` when it was whole. */
  movedAside: string | null
}

export interface RegisterDeps {
  files: Files
  warehouse: () => Promise<Warehouse>
}

export interface RegisterRequest {
  wanted: WantedView[]
  remembered: CatalogState
  /** Names published here once and withheld now. */
  withdrawn: readonly string[]
  /** Look into the file even when nothing seems to have changed. */
  isForced: boolean
  /** File-name ending for a damaged catalog. */
  asideName: string
}

/** More views failing than this means the engine, not the views. */
const MAX_FAILED = 20

export async function registerViews(
  deps: RegisterDeps,
  request: RegisterRequest,
  signal: AbortSignal,
): Promise<{outcome: CatalogOutcome; state: CatalogState}> {
  const isThere = (await deps.files.stat(workspacePaths.catalog)) !== undefined
  if (!request.isForced && isUpToDate(request, isThere)) {
    return {outcome: unchangedCatalog(request.remembered), state: request.remembered}
  }
  try {
    return await register(deps, request, signal)
  } catch (error) {
    signal.throwIfAborted()
    const behind = toAgnesError(error).message
    return {
      outcome: {...unchanged, state: 'behind', behind},
      state: {views: request.remembered.views, behind},
    }
  }
}

const unchanged: CatalogOutcome = {
  state: 'unchanged',
  registered: [],
  dropped: [],
  shadowed: [],
  failed: [],
  behind: null,
  movedAside: null,
}

/** The outcome of not looking. */
export function unchangedCatalog({views, behind}: CatalogState): CatalogOutcome {
  const shadowed = Object.keys(views).filter((name) => views[name]?.startsWith('shadowed:'))
  return {...unchanged, shadowed, behind}
}

function isUpToDate({wanted, remembered}: RegisterRequest, isThere: boolean): boolean {
  if (remembered.behind !== null) return false
  if (!isThere) return wanted.length === 0 && Object.keys(remembered.views).length === 0
  return (
    Object.keys(remembered.views).length === wanted.length &&
    wanted.every(({name, fingerprint}) => {
      const known = remembered.views[name]
      return (
        known === fingerprint ||
        known === `shadowed:${fingerprint}` ||
        known === `failed:${fingerprint}`
      )
    })
  )
}

async function register(
  deps: RegisterDeps,
  request: RegisterRequest,
  signal: AbortSignal,
): Promise<{outcome: CatalogOutcome; state: CatalogState}> {
  const {session, movedAside} = await openCatalog(deps, request.asideName)
  try {
    const failed = new Map<string, AgnesError>()
    const withdrawn = [...request.withdrawn, ...Object.keys(request.remembered.views)]
    const existing = await listObjects(session, signal)
    for (;;) {
      const wanted = request.wanted.filter(({name}) => !failed.has(name))
      const plan = planViews(wanted, existing, withdrawn)
      const broken = await applyViews(session, plan, signal)
      if (!broken) {
        const errors = [...failed].map(([table, error]) => ({table, error: error.message}))
        const registered = plan.create.map(({name}) => name)
        return {
          outcome: {
            ...unchanged,
            ...plan,
            state: 'updated',
            registered,
            dropped: plan.drop,
            failed: errors,
            movedAside,
          },
          state: {
            views: rememberedViews(request.wanted, new Set(plan.shadowed), failed),
            behind: null,
          },
        }
      }
      failed.set(broken.name, broken.error)
      if (failed.size > MAX_FAILED) throw broken.error
    }
  } finally {
    await session.close()
  }
}

function rememberedViews(
  wanted: readonly WantedView[],
  shadowed: ReadonlySet<string>,
  failed: ReadonlyMap<string, unknown>,
): Record<string, string> {
  const prefix = (name: string) =>
    shadowed.has(name) ? 'shadowed:' : failed.has(name) ? 'failed:' : ''
  return Object.fromEntries(wanted.map(({name, fingerprint}) => [name, prefix(name) + fingerprint]))
}

/** A file the engine cannot open is moved aside, whole, and a new one made. */
async function openCatalog(
  {files, warehouse}: RegisterDeps,
  asideName: string,
): Promise<{session: WarehouseSession; movedAside: string | null}> {
  const engine = await warehouse()
  const path = files.absolute(workspacePaths.catalog)
  await files.createFolder(workspacePaths.catalog.slice(0, workspacePaths.catalog.lastIndexOf('/')))
  try {
    return {session: await engine.open({path, access: 'write'}), movedAside: null}
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error
    const movedAside = `${workspacePaths.catalog}.${asideName}`
    await files.install(workspacePaths.catalog, movedAside)
    const log = `${workspacePaths.catalog}.wal`
    if (await files.stat(log)) await files.install(log, `${movedAside}.wal`)
    return {session: await engine.open({path, access: 'write'}), movedAside}
  }
}

async function listObjects(
  session: WarehouseSession,
  signal: AbortSignal,
): Promise<CatalogObject[]> {
  const rows = await session.rows(
    `SELECT table_name, 'table', NULL, comment FROM duckdb_tables()
      WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
     UNION ALL
     SELECT view_name, 'view', sql, comment FROM duckdb_views()
      WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal`,
    [],
    signal,
  )
  return rows.map(([name, kind, sql, comment]) => ({
    name: name as string,
    kind: kind as 'table' | 'view',
    sql: sql as string | null,
    comment: comment as string | null,
  }))
}

/** All or nothing. The view that could not be made, when that is why nothing was. */
async function applyViews(
  session: WarehouseSession,
  plan: {create: WantedView[]; drop: string[]},
  signal: AbortSignal,
): Promise<{name: string; error: AgnesError} | undefined> {
  if (plan.create.length + plan.drop.length === 0) return undefined
  await session.run('BEGIN TRANSACTION')
  let current: string | undefined
  try {
    for (const name of plan.drop) await session.run(`DROP VIEW ${identifier(name)}`, [], signal)
    for (const view of plan.create) {
      current = view.name
      const name = identifier(view.name)
      await session.run(`CREATE OR REPLACE VIEW ${name} AS ${view.query}`, [], signal)
      await session.run(
        `COMMENT ON VIEW ${name} IS ${literal(markOf(view.fingerprint))}`,
        [],
        signal,
      )
    }
    current = undefined
    await session.run('COMMIT', [], signal)
    return undefined
  } catch (error) {
    await session.run('ROLLBACK')
    if (signal.aborted || current === undefined) throw error
    return {name: current, error: toAgnesError(error)}
  }
}
