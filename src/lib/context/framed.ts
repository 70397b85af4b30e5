import type {Writable} from 'node:stream'
import type {Clock} from '../ports/clock.js'
import type {GuardedRun} from '../ports/guarded-run.js'

/** The processes of `agnes mcp`: one whose standard output is for frames alone, one for each local query. */
export const framed = (clock: Clock) => ({
  /** Runs `agnes` again with its standard output kept for frames alone; the exit code. */
  async runFramed(argv: readonly string[], signal: AbortSignal): Promise<number> {
    return (await import('../adapters/framed-process.js')).runFramed(argv, signal)
  },
  /** In a process that `runFramed` started: where frames go. */
  async openFrames(fd: number): Promise<Writable> {
    return (await import('../adapters/framed-process.js')).openFrames(fd)
  },
  /** See `GuardedRun`. */
  async runGuarded(run: GuardedRun, signal: AbortSignal) {
    return (await import('../adapters/guarded-child.js')).runGuarded(run, clock, signal)
  },
})
