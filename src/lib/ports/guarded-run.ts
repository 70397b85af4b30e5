/** One run of this CLI in a process of its own, and what it may take before it is ended. */
export interface GuardedRun {
  argv: readonly string[]
  /** Its standard input, whole. */
  input: string
  /** Resident memory, where the system tells it. */
  maxMemoryBytes: number
  /** Of its answer, which it writes to descriptor 3; more counts as too much memory. */
  maxAnswerBytes: number
  timeoutMs: number
}
