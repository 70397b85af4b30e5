/** Base waits before the first, second and every further retry. */
const BASE_MS = [300, 1000, 3000]

/**
 * Milliseconds to wait before retry number `retry` (1 is the first). Jittered between half and one
 * and a half times the base; a server's own `Retry-After` is never undercut.
 * @param random a float in [0, 1)
 */
export function retryDelayMs(retry: number, random: number, retryAfterMs?: number): number {
  const base = BASE_MS[Math.min(retry, BASE_MS.length) - 1] ?? 0
  if (retryAfterMs === undefined) return base * (0.5 + random)
  return Math.max(retryAfterMs, base * 0.5) + random * 250
}
