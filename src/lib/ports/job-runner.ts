/** Runs this CLI again and waits for its answer: the daemon's hands. */
export interface JobRunner {
  /**
   * Runs `agnes <argv> --json` in `folder`. When the signal aborts, the run is asked to end and waited
   * for. Rejects with `UnexpectedError` (code `not_started`) when the system will not start it.
   */
  run(argv: readonly string[], options: JobOptions, signal: AbortSignal): Promise<JobOutcome>
}

export interface JobOptions {
  /** Absolute. */
  folder: string
  /** Added to what the daemon inherited. */
  variables?: Readonly<Record<string, string>>
}

export interface JobOutcome {
  /** As in docs/exit-codes.md; 1 when it was killed. */
  exitCode: number
  /** The JSON document it printed; `undefined` when there was none. */
  document: unknown
}
