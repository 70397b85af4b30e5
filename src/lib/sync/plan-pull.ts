import type {Manifest, ManifestTable} from '../wire/manifest.js'
import {planFiles} from './plan-files.js'
import type {PlanInput, PlanItem, PruneReason, PullPlan} from './plan-model.js'
import type {InstalledTable, SyncState} from './state-model.js'
import {flatPath, partPath, partsFolder} from './table-paths.js'

/**
 * Decides what a pull does, from what the server lists, what the state says and what the disk shows.
 * Pure: no clock, no disk, no network. Words: *installed* is in our state; *listed* is in the manifest;
 * *withheld* is listed but not for download. Only what is installed by us is ever pruned.
 */
export function planPull(input: PlanInput): PullPlan {
  const {manifest, state} = input
  const isGuarded = isSuspicious(manifest)
  const items: PlanItem[] = []
  for (const table of manifest.tables.values()) items.push(planTable(table, input, isGuarded))
  for (const installed of state.tables.values())
    if (!manifest.tables.has(installed.name)) items.push(planUnlisted(installed, input, isGuarded))
  items.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {items, isGuarded}
}

/** Every path whose facts `planPull` asks for. */
export function pathsToStat(manifest: Manifest, state: SyncState): string[] {
  const paths: string[] = []
  for (const {name, parts, queryMode, isServerOnly} of manifest.tables.values()) {
    if (isServerOnly || !isDistributed(queryMode)) continue
    if (parts) for (const part of parts) paths.push(partPath(name, part.path))
    else paths.push(flatPath(name))
    if (!state.tables.has(name)) paths.push(parts ? flatPath(name) : partsFolder(name))
  }
  return paths
}

/**
 * A server whose package section crashed sends empty packages beside a full list. That must not read
 * as "you may see nothing".
 */
function isSuspicious({authorised, tables}: Manifest): boolean {
  if (authorised === null || authorised.size > 0) return false
  return [...tables.values()].some(
    (table) => isDistributed(table.queryMode) && !table.isServerOnly && isPublished(table),
  )
}

function planTable(table: ManifestTable, input: PlanInput, isGuarded: boolean): PlanItem {
  const {name, queryMode} = table
  const {state, manifest, options} = input
  const installed = state.tables.get(name)
  const isNamed = options.only?.has(name) ?? false
  if (options.only && !isNamed)
    return installed ? {kind: 'keep', name} : skip(table, 'not_requested')
  if (!isDistributed(queryMode))
    return installed ? withhold(installed, 'remote', isGuarded) : {kind: 'remote', name, queryMode}
  if (table.isServerOnly)
    return installed ? withhold(installed, 'server_only', isGuarded) : skip(table, 'server_only')
  if (manifest.authorised && !manifest.authorised.has(name) && !isGuarded)
    return installed
      ? withhold(installed, 'not_in_packages', isGuarded)
      : skip(table, 'not_in_packages')
  if (!isPublished(table)) return installed ? {kind: 'keep', name} : skip(table, 'not_materialized')
  if (queryMode === 'materialized' && options.isMaterializedSkipped)
    return skip(table, 'skipped_materialized')
  if (isGuarded && !installed && !isNamed) return skip(table, 'guarded')
  return planFiles(table, installed, input)
}

/** Installed, but not in the manifest. */
function planUnlisted(
  installed: InstalledTable,
  {manifest, options}: PlanInput,
  isGuarded: boolean,
): PlanItem {
  if (options.only) return {kind: 'keep', name: installed.name}
  const isRenamedAway = manifest.unsafeNames.includes(installed.name)
  return withhold(installed, isRenamedAway ? 'name_collision' : 'revoked', isGuarded)
}

function withhold(installed: InstalledTable, reason: PruneReason, isGuarded: boolean): PlanItem {
  const {name} = installed
  if (isGuarded) return {kind: 'keep', name}
  const paths = installed.isPartitioned
    ? [partsFolder(name)]
    : installed.files.map(({path}) => path)
  return {kind: 'prune', name, reason, paths}
}

function skip(table: ManifestTable, reason: Extract<PlanItem, {kind: 'skip'}>['reason']): PlanItem {
  return {kind: 'skip', name: table.name, reason, queryMode: table.queryMode}
}

function isDistributed(queryMode: string): boolean {
  return queryMode === 'local' || queryMode === 'materialized'
}

/** False for rows that only record a failed or never started materialisation. */
function isPublished({hash, sizeBytes, parts}: ManifestTable): boolean {
  if (parts) return parts.length > 0
  return hash !== null || (sizeBytes ?? 0) > 0
}
