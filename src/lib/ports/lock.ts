/** Who holds a lock, as its file says. */
export interface LockHolder {
  pid: number
  host: string
  command: string
  /** ISO 8601. */
  since: string
}

/**
 * Mutual exclusion between processes, by a file inside the workspace. A holder that died (kill -9,
 * power loss) does not block the next one.
 */
export interface Lock {
  /**
   * Runs `work` while holding the lock. When somebody else holds it: with `waitMs` 0 rejects at once
   * with `BusyError` (code `locked`, details: the holder), otherwise waits up to `waitMs` first.
   * `onWait` is called once, before waiting.
   */
  hold<T>(
    options: {waitMs: number; command: string; onWait?: (holder: LockHolder) => void},
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>
}
