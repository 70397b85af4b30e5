/** A process that was started beside this one. */
export interface StartedProcess {
  hasEnded(): boolean
}

/** Starts this CLI again beside the running process, cut off from it: it lives on when its parent ends. */
export interface Background {
  /**
   * Resolves once the process exists; what it prints goes to the workspace's background log, its input
   * is empty. Rejects with `UnexpectedError` (code `not_started`) when the system will not start it.
   * @param argv the words after `agnes`
   * @param root the workspace's, or another folder to run in
   * @param logPath absolute; instead of the workspace's log
   */
  start(argv: readonly string[], root: string, logPath?: string): Promise<StartedProcess>
}
