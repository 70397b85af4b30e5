import type {Clock} from '../../lib/ports/clock.js'
import {ApiError} from '../api-error.js'

const WINDOW_MS = 60_000
const MAX_ADDRESSES = 10_000

/** At most `limit` calls a minute from one address; the next one is 429 with `Retry-After`. */
export function rateLimit(limit: number, clock: Clock): (ip: string) => void {
  let windows = new Map<string, {since: number; calls: number}>()
  return (ip) => {
    const now = clock.monotonicMs()
    // A flood of addresses must not become a flood of memory.
    if (windows.size >= MAX_ADDRESSES) windows = new Map()
    const window = windows.get(ip)
    if (!window || now - window.since >= WINDOW_MS) {
      windows.set(ip, {since: now, calls: 1})
      return
    }
    window.calls += 1
    if (window.calls > limit)
      throw new ApiError(429, `Too many requests — ${limit} per 1 minute`, {'retry-after': '60'})
  }
}
