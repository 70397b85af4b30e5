import type {Clock} from '../../src/lib/ports/clock.js'

interface Sleeper {
  dueMs: number
  wake: () => void
}

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  private elapsedMs = 0
  private sleepers: Sleeper[] = []
  private jumpedMs = 0

  constructor(private readonly startMs = Date.parse('2026-01-31T12:00:00Z')) {}

  now(): number {
    return this.startMs + this.elapsedMs + this.jumpedMs
  }

  monotonicMs(): number {
    return this.elapsedMs
  }

  /** How many callers are asleep. */
  get waiting(): number {
    return this.sleepers.length
  }

  /** How long until the first of them wakes; `Infinity` while nobody sleeps. */
  get nextWakeMs(): number {
    return Math.min(...this.sleepers.map(({dueMs}) => dueMs)) - this.elapsedMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const stop = () => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper)
        reject(signal?.reason as Error)
      }
      const wake = () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const sleeper: Sleeper = {dueMs: this.elapsedMs + ms, wake}
      this.sleepers.push(sleeper)
      signal?.addEventListener('abort', stop, {once: true})
    })
  }

  /** Somebody sets the wall clock: it moves, durations do not. */
  jump(ms: number): void {
    this.jumpedMs += ms
  }

  /** Moves time on and wakes everyone due, in order. */
  async advance(ms: number): Promise<void> {
    this.elapsedMs += ms
    const due = this.sleepers.filter((sleeper) => sleeper.dueMs <= this.elapsedMs)
    this.sleepers = this.sleepers.filter((sleeper) => sleeper.dueMs > this.elapsedMs)
    for (const sleeper of due.sort((a, b) => a.dueMs - b.dueMs)) sleeper.wake()
    await Promise.resolve()
  }
}
