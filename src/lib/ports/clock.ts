/** Time as the services see it. Nothing outside adapters reads the system clock or sets timers. */
export interface Clock {
  /** Wall time in milliseconds since 1970-01-01T00:00:00Z. May jump. */
  now(): number
  /** Milliseconds that only ever grow; for durations. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
