import type {CatalogOutcome} from '../catalog/register-views.js'
import type {NotesOutcome} from '../notes/pull-notes.js'
import type {BlockedSnapshot} from '../snapshot/withdraw-views.js'
import type {Manifest} from '../wire/manifest.js'
import type {ApplyOutcome} from './apply-plan.js'
import {itemsOf, type PullPlan} from './plan-model.js'
import type {PullResult} from './pull-result.js'
import type {ListedTable} from './state-model.js'

export interface PullParts {
  workspace: string
  server: string
  manifest: Manifest
  plan: PullPlan
  /** `null` for a plan that was not carried out. */
  applied: ApplyOutcome | null
  notes: NotesOutcome
  catalog: CatalogOutcome
  blockedSnapshots: BlockedSnapshot[]
  freeBytes: number | null
  warnings: string[]
}

/** One result out of what the steps did. */
export function describePull(parts: PullParts): PullResult {
  const {manifest, plan, applied, notes, catalog} = parts
  const downloads = itemsOf(plan, 'download')
  const received = new Map(applied?.downloaded.map(({table, bytes}) => [table, bytes]))
  const done = applied ? downloads.filter(({name}) => received.has(name)) : downloads
  const failed = (applied?.failed ?? []).map(({table, error}) => ({
    table,
    code: error.code,
    error: error.message,
    hint: error.hint ?? null,
  }))
  const adopted = itemsOf(plan, 'adopt')
  const pruned = itemsOf(plan, 'prune')
  return {
    workspace: parts.workspace,
    server: parts.server,
    ok: failed.length === 0 && notes.state !== 'failed',
    isPlanOnly: applied === null,
    isUpToDate: downloads.length + adopted.length + pruned.length === 0,
    downloaded: done.map(({name, bytes, table, reason}) => ({
      table: name,
      bytes: received.get(name) ?? bytes,
      rows: table.rows,
      reason,
    })),
    adopted: adopted.map(({name, files}) => ({
      table: name,
      bytes: files.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0),
    })),
    kept: itemsOf(plan, 'keep').map(({name}) => name),
    pruned: pruned.map(({name, reason}) => ({table: name, reason})),
    skipped: [
      ...itemsOf(plan, 'skip').map(({name, reason}) => ({table: name, reason})),
      ...manifest.unsafeNames.map((name) => ({table: name, reason: 'unsafe_name' as const})),
    ],
    remote: itemsOf(plan, 'remote').map(({name}) => name),
    failed: failed.sort((a, b) => (a.table < b.table ? -1 : 1)),
    bytes: {
      downloaded: [...received.values()].reduce((sum, bytes) => sum + bytes, 0),
      planned: downloads.reduce((sum, {bytes}) => sum + bytes, 0),
      free: parts.freeBytes,
    },
    notes,
    catalog,
    blockedSnapshots: parts.blockedSnapshots,
    durationMs: 0,
    warnings: [...parts.warnings, ...warningsOf(parts)],
  }
}

function warningsOf({manifest, plan, notes, catalog}: PullParts): string[] {
  const warnings = [...notes.warnings]
  if (plan.isGuarded)
    warnings.push(
      'The server sends no data packages while it lists tables, which may be a fault of its own: nothing was removed and no new table fetched. If it is right, ask your administrator for a data package.',
    )
  if (manifest.unsafeNames.length > 0)
    warnings.push(
      `${manifest.unsafeNames.length} table name(s) cannot be used as a file name here and were skipped.`,
    )
  if (notes.state === 'failed')
    warnings.push(`The company notes could not be refreshed: ${notes.error}`)
  if (catalog.behind !== null)
    warnings.push(
      `The views in analytics.duckdb were not refreshed (${catalog.behind}) \`agnes query\` answers with the new data all the same; the next pull tries again.`,
    )
  if (catalog.movedAside !== null)
    warnings.push(
      `analytics.duckdb was damaged. It was kept as ${catalog.movedAside} and a new one made.`,
    )
  for (const {table, error} of catalog.failed)
    warnings.push(`No view could be made for ${table}: ${error}`)
  if (catalog.shadowed.length > 0)
    warnings.push(
      `Your own tables or views in analytics.duckdb have the names of published tables and were left alone: ${catalog.shadowed.join(', ')}.`,
    )
  return warnings
}

/** What the state remembers of tables that are listed and not here. */
export function listedTables({
  manifest,
  plan,
}: Pick<PullParts, 'manifest' | 'plan'>): ListedTable[] {
  const listed: ListedTable[] = []
  for (const item of plan.items) {
    if (item.kind === 'remote')
      listed.push({name: item.name, queryMode: item.queryMode, reason: 'remote'})
    if (item.kind === 'skip' && item.reason !== 'not_requested' && item.reason !== 'guarded')
      listed.push({name: item.name, queryMode: item.queryMode, reason: item.reason})
    if (item.kind === 'prune') {
      const {reason} = item
      if (reason === 'remote' || reason === 'server_only' || reason === 'not_in_packages')
        listed.push({
          name: item.name,
          queryMode: manifest.tables.get(item.name)?.queryMode ?? '',
          reason,
        })
    }
  }
  for (const name of manifest.unsafeNames) listed.push({name, queryMode: '', reason: 'unsafe_name'})
  return listed
}
