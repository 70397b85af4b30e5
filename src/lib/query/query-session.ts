import {workspacePaths} from '../config/paths.js'
import {AgnesError, BusyError} from '../errors.js'
import type {Files} from '../ports/files.js'
import type {Folders} from '../ports/folders.js'
import type {SessionOptions, Warehouse, WarehouseSession} from '../ports/warehouse.js'
import type {SyncState} from '../sync/sync-state.js'
import {readablePlaces} from './readable-places.js'

/** The name the analyst's catalog file has inside a session, the same as when it is opened by itself. */
export const CATALOG_NAME = 'analytics'

export interface QuerySessionDeps {
  workspace: Files
  folders: Folders
  warehouse: () => Promise<Warehouse>
}

export interface QuerySession {
  session: WarehouseSession
  /** Why the analyst's own tables cannot be read; `null` when they can, or when there are none. */
  catalogError: AgnesError | null
  hasCatalog: boolean
}

export interface QueryLimits {
  memoryLimitMb: number
  threads: number | undefined
  tempDirectory: string
}

/**
 * A locked session in memory: it reads files below the workspace, has the analyst's catalog attached
 * read-only, and can change nothing. A catalog that another process holds, or that is damaged, is left
 * out: published tables never depend on it.
 */
export async function openQuerySession(
  {workspace, folders, warehouse}: QuerySessionDeps,
  {state, ...options}: QueryLimits & {allowedFiles: readonly string[]; state: SyncState},
): Promise<QuerySession> {
  const engine = await warehouse()
  const places = await readablePlaces(workspace, folders, state)
  const locked: SessionOptions = {
    ...options,
    path: ':memory:',
    access: 'write',
    allowedDirectories: places.folders,
    allowedFiles: [...options.allowedFiles, ...places.files],
  }
  const catalog = workspace.absolute(workspacePaths.catalog)
  if (!(await workspace.stat(workspacePaths.catalog)))
    return {session: await engine.open(locked), catalogError: null, hasCatalog: false}
  try {
    const session = await engine.open({...locked, attach: [{path: catalog, name: CATALOG_NAME}]})
    return {session, catalogError: null, hasCatalog: true}
  } catch (error) {
    if (!(error instanceof AgnesError) || error.exitCode === 1) throw error
    return {session: await engine.open(locked), catalogError: error, hasCatalog: false}
  }
}

/** A name that only the analyst's own, unreadable, catalog could hold. */
export function unreadableCatalog(name: string, cause: AgnesError): AgnesError {
  if (!(cause instanceof BusyError)) return cause
  const pid = cause.details.pid
  const holder = typeof pid === 'number' ? `process ${pid}` : 'another process'
  return new BusyError(
    `${name} is no published table, and your own tables cannot be read: ${holder} has ${workspacePaths.catalog} open for writing.`,
    {
      code: cause.code,
      hint: 'Close the program that has the file open, then run the query again.',
      details: {...cause.details, table: name},
      cause,
    },
  )
}
