import type {AgnesError} from '../errors.js'
import type {SyncState} from './state-model.js'

/** How one attempt to pull ended: what `PullDeps.afterAttempt` is told, once the state is on disk. */
export interface PullAttempt {
  /** ISO 8601. */
  at: string
  /** Absent when all went well; its `exitCode` is 12 when some tables failed. */
  error?: Pick<AgnesError, 'exitCode' | 'code' | 'message'>
  server: string
  state: SyncState
}
