import {
  AgnesError,
  AuthError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UsageError,
} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Random} from '../ports/random.js'
import {retryDelayMs} from './retry-delay.js'

export interface RunLimits {
  /** Files at once. */
  parallelism: number
  /** Extra attempts after a failed transfer. */
  retries: number
  /** The longest all waiting of one run may take together. */
  runBudgetMs: number
}

/**
 * What the transfers of one run share: how long the run may still wait for the server, whether the
 * server seems gone altogether, and the failure that stops everything.
 */
export class RunState {
  private readonly stop = new AbortController()
  private spentMs = 0
  private chargedUntilMs = 0
  private exhausted = 0

  constructor(
    private readonly deps: {clock: Clock; random: Random},
    private readonly limits: RunLimits,
  ) {}

  /** Aborts with the failure that ends the whole run. */
  get signal(): AbortSignal {
    return this.stop.signal
  }

  /** A verified file arrived: the server is well. */
  noteSuccess(): void {
    this.exhausted = 0
  }

  /** Called once per failed file. A token that stopped working, a moved server and a full disk concern every other file as well. */
  noteFailure(error: unknown): void {
    const status = error instanceof AgnesError ? Number(error.details.status) : 0
    const isRedirect = error instanceof UsageError && status >= 300 && status < 400
    const isDiskFull =
      error instanceof TooLargeError ||
      (error instanceof UsageError && error.code === 'no_permission')
    if (error instanceof AuthError || isRedirect || isDiskFull) this.stop.abort(error)
    // Files that fail one after another with nothing arriving in between end the run.
    if (isTransient(error) && ++this.exhausted >= this.limits.parallelism * 2)
      this.stop.abort(error)
  }

  /** Takes the time a transfer lost to a silent server off the budget; it is over already. */
  chargeLost(ms: number): void {
    this.spentMs += ms / this.limits.parallelism
  }

  /**
   * Waits before retry number `retry` of one transfer. Throws `error` itself when it cannot be
   * retried, the attempts are used up or the run has waited enough.
   */
  async waitBeforeRetry(retry: number, error: unknown, signal: AbortSignal): Promise<void> {
    if (!isTransient(error)) throw error
    // With the server failing for file after file, the next ones only ask whether it is back.
    const allowed = this.exhausted > 0 ? 0 : this.limits.retries
    if (retry > allowed) throw error
    const asked =
      error instanceof RateLimitedError || error instanceof ServerError
        ? error.retryAfterMs
        : undefined
    const delayMs = retryDelayMs(retry, this.deps.random.float(), asked)
    if (!this.charge(delayMs)) {
      this.stop.abort(error)
      throw error
    }
    await this.deps.clock.sleep(delayMs, signal)
  }

  /** Waits that overlap count once. False when the budget does not allow it. */
  private charge(ms: number): boolean {
    const now = this.deps.clock.monotonicMs()
    const until = now + ms
    const added = Math.max(0, until - Math.max(now, this.chargedUntilMs))
    if (this.spentMs + added > this.limits.runBudgetMs) return false
    this.spentMs += added
    this.chargedUntilMs = Math.max(this.chargedUntilMs, until)
    return true
  }
}

/** The same request may well succeed later. An answer nobody can read will not change by asking again. */
function isTransient(error: unknown): boolean {
  return error instanceof AgnesError && error.retryable && error.code !== 'unreadable_answer'
}
