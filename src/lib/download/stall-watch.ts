import type {Clock} from '../ports/clock.js'

export interface StallWatch {
  /** A byte arrived. */
  touch(): void
  /** While our own disk is waited for, silence is not the server's. */
  pause(isPaused: boolean): void
  stop(): void
}

/** Calls `onStall` once when nothing has arrived for `stallMs`. */
export function watchForStall(clock: Clock, stallMs: number, onStall: () => void): StallWatch {
  const over = new AbortController()
  let lastAt = clock.monotonicMs()
  let isPaused = false

  const run = async () => {
    for (;;) {
      const left = lastAt + stallMs - clock.monotonicMs()
      if (left <= 0 && !isPaused) return onStall()
      await clock.sleep(left > 0 ? left : stallMs, over.signal)
    }
  }
  run().catch((error: unknown) => {
    if (!over.signal.aborted) throw error
  })
  return {
    touch: () => void (lastAt = clock.monotonicMs()),
    pause(next) {
      isPaused = next
      lastAt = clock.monotonicMs()
    },
    stop: () => over.abort(),
  }
}
