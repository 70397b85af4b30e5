import type {Clock} from '../ports/clock.js'

/** A loop's alarm clock: many calls while it is busy mean one more pass, not many. */
export class Waker {
  private isRung = false
  private stopSleeping: (() => void) | undefined

  wake(): void {
    this.isRung = true
    this.stopSleeping?.()
  }

  /** Resolves after `ms`, or as soon as somebody called `wake`; rejects when the signal aborts. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.isRung) {
      const sleep = new AbortController()
      const stop = () => sleep.abort()
      this.stopSleeping = stop
      signal.addEventListener('abort', stop, {once: true})
      await clock.sleep(ms, sleep.signal).catch((error: unknown) => {
        if (!sleep.signal.aborted) throw error
      })
      signal.removeEventListener('abort', stop)
      this.stopSleeping = undefined
      signal.throwIfAborted()
    }
    this.isRung = false
  }
}
