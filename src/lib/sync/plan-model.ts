import type {FileFacts} from '../ports/files.js'
import type {Manifest, ManifestTable} from '../wire/manifest.js'
import type {InstalledFile, ListedTable, SyncState} from './state-model.js'

/** What `planPull` is given. Nothing in it is read from the disk or the clock by the planner itself. */
export interface PlanInput {
  manifest: Manifest
  state: SyncState
  /** Facts of the files at `pathsToStat`; a path that is absent here is no file. */
  facts: ReadonlyMap<string, FileFacts>
  /** MD5 of files an earlier plan asked for with `check`; `null` when the file went away. */
  hashes: ReadonlyMap<string, string | null>
  options: PlanOptions
}

export interface PlanOptions {
  /** Tables named by the user; everything else is left as it is. `null` for all. */
  only: ReadonlySet<string> | null
  /** Tables of mode `materialized` are neither fetched nor refreshed. */
  isMaterializedSkipped: boolean
  /** Hash every file, whatever its size and time say. */
  isVerify: boolean
}

export type DownloadReason = 'new' | 'changed' | 'missing' | 'damaged'
export type PruneReason =
  'revoked' | 'server_only' | 'not_in_packages' | 'remote' | 'name_collision'
export type SkipReason = Exclude<ListedTable['reason'], 'remote'> | 'not_requested' | 'guarded'

/** One thing to fetch. */
export interface PlannedFetch {
  /** Where it will lie, relative to the workspace. */
  path: string
  /** The `part` of the download route; `null` for a whole table. */
  part: string | null
  hash: string | null
  sizeBytes: number | null
}

/** Exactly one action per table. */
export type PlanItem =
  | {
      kind: 'download'
      name: string
      table: ManifestTable
      reason: DownloadReason
      fetches: PlannedFetch[]
      /** Files of the table that stay as they are. */
      keep: InstalledFile[]
      /** Paths that are no longer part of the table. */
      removes: string[]
      /** Sum of the known sizes to fetch. */
      bytes: number
    }
  /** The right bytes are on disk already, only the state does not say so. */
  | {kind: 'adopt'; name: string; table: ManifestTable; files: InstalledFile[]; removes: string[]}
  /** `refresh`: the bytes are the same, the server says something newer about them. */
  | {kind: 'keep'; name: string; refresh?: ManifestTable}
  | {kind: 'prune'; name: string; reason: PruneReason; paths: string[]}
  | {kind: 'skip'; name: string; reason: SkipReason; queryMode: string}
  | {kind: 'remote'; name: string; queryMode: string}
  /** Hash these files and plan again. */
  | {kind: 'check'; name: string; paths: string[]}

export interface PullPlan {
  /** Sorted by name. */
  items: PlanItem[]
  /** The server's packages are empty while it lists tables: nothing is removed, nothing new is fetched. */
  isGuarded: boolean
}

export type ItemOf<Kind extends PlanItem['kind']> = Extract<PlanItem, {kind: Kind}>

export function itemsOf<Kind extends PlanItem['kind']>(plan: PullPlan, kind: Kind): ItemOf<Kind>[] {
  return plan.items.filter((item): item is ItemOf<Kind> => item.kind === kind)
}
