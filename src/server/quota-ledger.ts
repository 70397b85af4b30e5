import type {Clock} from '../lib/ports/clock.js'
import {ApiError} from './api-error.js'

/** What one person may do at once and in a day (contract 7.1). 0 switches a limit off. */
export interface QuotaLimits {
  maxConcurrent: number
  maxDailyBytes: number
}

export const DEFAULT_QUOTAS: QuotaLimits = {maxConcurrent: 5, maxDailyBytes: 50 * 2 ** 30}

/** A place among the running requests of one person. */
export interface QuotaSlot {
  /** Adds to what the person has used today. */
  charge(bytes: number): void
  /** May be called twice. */
  release(): void
}

/** How the two routes word a refusal: their keys differ, `kind` is common. */
export type QuotaDialect = 'scan' | 'query'

interface Usage {
  running: number
  day: number
  bytes: number
}

const DAY_MS = 86_400_000

const REASONS = {
  daily_bytes: 'daily_byte_cap_exceeded',
  concurrent_scans: 'concurrent_slot_exceeded',
} as const

/**
 * Counts scans and remote queries by e-mail, in memory: a restart begins anew, as on the reference server.
 * The check is "already at the limit", so that one request may go over it.
 */
export class QuotaLedger {
  private readonly usages = new Map<string, Usage>()

  constructor(
    private readonly clock: Clock,
    private readonly limits: QuotaLimits = DEFAULT_QUOTAS,
  ) {}

  /** `ApiError` 429 when the day's bytes are used up, or when all places are taken. */
  enter(email: string, dialect: QuotaDialect): QuotaSlot {
    const usage = this.usageOf(email)
    const {maxConcurrent, maxDailyBytes} = this.limits
    if (maxDailyBytes > 0 && usage.bytes >= maxDailyBytes) {
      const untilMidnight = Math.ceil((DAY_MS - (this.clock.now() % DAY_MS)) / 1000)
      throw refusal(dialect, 'daily_bytes', {
        current: usage.bytes,
        limit: maxDailyBytes,
        retry_after_seconds: untilMidnight,
      })
    }
    if (maxConcurrent > 0 && usage.running >= maxConcurrent)
      throw refusal(dialect, 'concurrent_scans', {
        current: usage.running,
        limit: maxConcurrent,
        retry_after_seconds: 0,
      })
    usage.running++
    let isHeld = true
    return {
      charge: (bytes) => void (this.usageOf(email).bytes += bytes),
      release() {
        if (isHeld) usage.running--
        isHeld = false
      },
    }
  }

  /** Days are those of UTC. */
  private usageOf(email: string): Usage {
    const day = Math.floor(this.clock.now() / DAY_MS)
    const known = this.usages.get(email)
    if (!known) {
      const usage = {running: 0, day, bytes: 0}
      this.usages.set(email, usage)
      return usage
    }
    if (known.day !== day) Object.assign(known, {day, bytes: 0})
    return known
  }
}

function refusal(
  dialect: QuotaDialect,
  kind: keyof typeof REASONS,
  facts: {current: number; limit: number; retry_after_seconds: number},
): ApiError {
  const label = dialect === 'scan' ? {error: 'quota_exceeded'} : {reason: REASONS[kind]}
  return new ApiError(429, {...label, kind, ...facts})
}
