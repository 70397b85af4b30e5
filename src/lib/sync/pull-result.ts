import type {CatalogOutcome} from '../catalog/register-views.js'
import type {NotesOutcome} from '../notes/pull-notes.js'
import type {BlockedSnapshot} from '../snapshot/withdraw-views.js'
import type {DownloadReason, PruneReason, SkipReason} from './plan-model.js'

/** What one pull did, or, for `--plan` and `--dry-run`, would do. The `--json` document of `agnes pull`. */
export interface PullResult {
  /** Absolute path. */
  workspace: string
  /** Origin of the server. */
  server: string
  /** False when anything failed; the exit code is 12 then. */
  ok: boolean
  /** True when nothing on disk was changed because nothing was to be. */
  isPlanOnly: boolean
  /** True when no table had to be fetched, taken over or removed. */
  isUpToDate: boolean
  /** Tables fetched (or to be fetched), by name. `bytes` as received, or as planned. */
  downloaded: PulledTable[]
  /** Tables whose right bytes were here already and only had to be noted. */
  adopted: {table: string; bytes: number}[]
  /** Tables that were already as the server lists them. */
  kept: string[]
  /** Tables removed from this computer, and why. */
  pruned: {table: string; reason: PruneReason}[]
  /** Tables the server lists that were not fetched, and why. Names are as sent: sanitize them. */
  skipped: {table: string; reason: SkipReason}[]
  /** Tables that stay on the server and are asked there. */
  remote: string[]
  failed: PullFailure[]
  bytes: {
    /** Received in this run; 0 for a plan. */
    downloaded: number
    /** To fetch, as the server states the sizes. */
    planned: number
    /** Free on the disk; `null` where it was not looked at. */
    free: number | null
  }
  notes: NotesOutcome
  catalog: CatalogOutcome
  /** Snapshots of this workspace whose table was withdrawn; no query reads them. Empty for a plan. */
  blockedSnapshots: BlockedSnapshot[]
  durationMs: number
  warnings: string[]
}

export interface PulledTable {
  table: string
  bytes: number
  /** As the server counts them; `null` where it does not say. */
  rows: number | null
  reason: DownloadReason
}

export interface PullFailure {
  table: string
  /** Stable, as in the error document. */
  code: string
  error: string
  hint: string | null
}
