import type {Clock} from '../../ports/clock.js'
import type {WarmListener} from '../../ports/query-engine.js'

const LOOK_MS = 5000
/** Without a query for this long the process gives its memory back. */
const IDLE_MS = 5 * 60_000

/** Keeps the warm engine until it is told to stop, nobody has asked for a while, or it is spent. */
export async function answerQueries(
  listener: WarmListener,
  clock: Clock,
  signal: AbortSignal,
): Promise<{answered: number}> {
  const hangUp = () => void listener.close()
  // At once: whoever is being answered hears that there will be no end.
  signal.addEventListener('abort', hangUp, {once: true})
  let seen = -1
  let usedMs = clock.monotonicMs()
  while (!signal.aborted) {
    const nowMs = clock.monotonicMs()
    if (listener.isBusy || listener.answered !== seen) usedMs = nowMs
    seen = listener.answered
    if (!listener.isBusy && (listener.isSpent || nowMs - usedMs >= IDLE_MS)) break
    await clock.sleep(LOOK_MS, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
  await listener.close()
  signal.removeEventListener('abort', hangUp)
  return {answered: listener.answered}
}
