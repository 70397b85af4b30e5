import type {ServerContext} from '@modelcontextprotocol/server'
import type {Clock} from '../ports/clock.js'
import type {ToolDeps} from './tool.js'

/** So often a client that waits hears that work goes on. */
const BEAT_MS = 5_000
/** Figures that come faster than this are left out. */
const LEAST_GAP_MS = 250

/**
 * Runs `work` and tells the client how far it is, where the client asked to be told: what `work` reports,
 * and a beat in between. Numbers only grow, as the protocol wants.
 */
export async function withProgress<T>(
  ctx: ServerContext,
  clock: Clock,
  work: (report: ToolDeps['report']) => Promise<T>,
): Promise<T> {
  const progressToken = ctx.mcpReq._meta?.progressToken
  if (progressToken === undefined) return work(() => {})
  const said = {progress: 0, total: null as number | null, message: 'working', atMs: -Infinity}
  const tell = async () => {
    const {progress, total, message} = said
    const params = {progressToken, progress, message, ...(total === null ? {} : {total})}
    await ctx.mcpReq.notify({method: 'notifications/progress', params})
  }
  // A client that has gone hears nothing; the end of the connection says so where it matters.
  let told: Promise<unknown> = Promise.resolve()
  const report: ToolDeps['report'] = (done, total, message) => {
    const isDue = clock.monotonicMs() - said.atMs >= LEAST_GAP_MS
    if (done <= said.progress || !isDue) return
    Object.assign(said, {progress: done, total, message, atMs: clock.monotonicMs()})
    told = Promise.allSettled([told, tell()])
  }
  const done = new AbortController()
  const beating = beat(clock, done.signal, async () => {
    if (said.total === null) said.progress++
    await tell()
  })
  // Looked at from the start: a client that goes in the middle of long work must not end the process.
  const beats = Promise.allSettled([beating])
  try {
    return await work(report)
  } finally {
    done.abort()
    await Promise.allSettled([beats, told])
  }
}

async function beat(clock: Clock, signal: AbortSignal, tell: () => Promise<void>): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(BEAT_MS, signal)
      await tell()
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
