import type {Clock} from '../ports/clock.js'

/** Shared by all transfers of a run: bytes pass at no more than a given rate. */
export class RateLimit {
  private freeAtMs = 0

  constructor(
    private readonly clock: Clock,
    /** `null` for no limit. */
    private readonly bytesPerSecond: number | null,
  ) {}

  /** Takes the line for so many bytes and waits until they may have passed. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.bytesPerSecond === null) return
    const nowMs = this.clock.monotonicMs()
    this.freeAtMs = Math.max(this.freeAtMs, nowMs) + (bytes / this.bytesPerSecond) * 1000
    await this.clock.sleep(this.freeAtMs - nowMs, signal)
  }
}
