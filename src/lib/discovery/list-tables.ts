import {readCatalog, type CatalogRow} from '../wire/catalog.js'
import type {ListedTable} from '../sync/sync-state.js'
import {answeringCommands} from './answering-commands.js'
import {localTables, skippedBecause, type LocalTable} from './local-table.js'
import type {Discovery} from './open-discovery.js'

/** A table the server lists, with what is known of it here. Texts of the server are as sent. */
export interface CatalogTable extends CatalogRow {
  /** `null` when it is not pulled. */
  local: LocalTable | null
  /** Why the last pull left it out; `null` when it did not. */
  notLocalBecause: ListedTable['reason'] | null
  /** Commands that answer questions about it, best first. */
  commands: string[]
}

export interface TableList {
  kind: 'tables'
  server: string
  /** Absolute; `null` outside a workspace. */
  workspace: string | null
  /** ISO 8601, our clock. */
  checkedAt: string
  /** When the server said this, if not now; `null` for a fresh answer. */
  cached: {fetchedAt: string} | null
  /** Tables before `--search` and `--mode` took their part. */
  total: number
  tables: CatalogTable[]
}

/** A server may have to ask its warehouse about every table first. */
const CATALOG_TIMEOUT_MS = 120_000

/** @param wanted `search`: part of an id, name or description, in any case */
export async function listTables(
  wanted: {search?: string | undefined; mode?: string | undefined},
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableList> {
  const {rows, cached} = await readTables(discovery, signal)
  const all = await withLocalFacts(rows, discovery)
  const {clock} = discovery.surroundings
  return {
    kind: 'tables',
    server: discovery.server().origin,
    workspace: discovery.workspace?.root ?? null,
    checkedAt: new Date(clock.now()).toISOString(),
    cached,
    total: all.length,
    tables: all.filter(
      (table) =>
        (wanted.mode === undefined || table.queryMode === wanted.mode) &&
        mentions(wanted.search, [table.id, table.name, table.description]),
    ),
  }
}

export async function readTables(
  discovery: Discovery,
  signal: AbortSignal,
): Promise<{rows: CatalogRow[]; cached: {fetchedAt: string} | null}> {
  const question = {
    path: '/api/v2/catalog',
    cacheKey: 'catalog',
    request: {timeoutMs: CATALOG_TIMEOUT_MS},
  }
  const {body, cached} = await discovery.server().ask(question, signal)
  return {rows: readCatalog(body), cached}
}

export async function withLocalFacts(
  rows: readonly CatalogRow[],
  {tablesAt, state}: Discovery,
): Promise<CatalogTable[]> {
  const local = await localTables(tablesAt, state)
  return rows.map((row) => {
    const facts = {
      local: local.get(row.name.toLowerCase()) ?? null,
      notLocalBecause: skippedBecause(state, row.name),
    }
    return {...row, ...facts, commands: answeringCommands({...row, ...facts})}
  })
}

export function mentions(word: string | undefined, texts: readonly (string | null)[]): boolean {
  if (word === undefined) return true
  const folded = word.toLowerCase()
  return texts.some((text) => text?.toLowerCase().includes(folded))
}
