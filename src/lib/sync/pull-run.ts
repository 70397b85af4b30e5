import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Lock, LockHolder} from '../ports/lock.js'
import type {OnProgress} from '../ports/progress.js'
import type {Warehouse} from '../ports/warehouse.js'
import type {PullAttempt} from './attempt.js'
import type {SyncState} from './state-model.js'
import type {StateStore} from './state-store.js'
import type {TableFetcher} from './table-fetcher.js'

export interface PullDeps {
  /** The workspace. */
  files: Files
  http: HttpClient
  lock: Lock
  clock: Clock
  /** Only asked for when there is something to fetch. */
  fetcher: () => Promise<TableFetcher>
  /** Only asked for when a view changes. */
  warehouse: () => Promise<Warehouse>
  /** Told how each attempt ended, with the lock still held. */
  afterAttempt?: (attempt: PullAttempt) => Promise<void>
}

export interface PullOptions {
  /** Names the lock's holder to others, such as `agnes pull`. */
  command: string
  /** Only these; empty for all. */
  tables: readonly string[]
  isMaterializedSkipped: boolean
  /** Hash every file. */
  isVerify: boolean
  /** Say what would be done; touch nothing. */
  isPlanOnly: boolean
  /** How long to wait for another pull; 0 gives `BusyError` at once. */
  waitMs: number
  onWait?: (holder: LockHolder) => void
  /** Transfers at once. */
  parallelism: number
  /** The user said that this workspace belongs to another server from now on (`init`). */
  allowsServerChange?: boolean
  onProgress: OnProgress
  /** Called before anything is changed. What it throws ends the run; see `HANDED_OVER`. */
  onPlanned?: (plan: {bytes: number}) => void
}

/** Code of the error with which a run is stopped because another process goes on with it: no failure. */
export const HANDED_OVER = 'handed_over'

/** One run: what the steps share. */
export interface PullRun {
  deps: PullDeps
  options: PullOptions
  state: SyncState
  /** `null` for a plan that is not carried out. */
  store: StateStore | null
  /** Tables named by the user; `null` for all. */
  only: ReadonlySet<string> | null
  warnings: string[]
}

/** `damaged-20260131T120000Z`, for files that are kept but not used any more. */
export function asideName(clock: Clock): string {
  const at = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  return `damaged-${at}`
}
