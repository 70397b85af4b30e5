import type {Writable} from 'node:stream'

/** How `agnes mcp` keeps its standard output for frames. */
export const framed = {
  /** Runs `agnes` again with its standard output kept for frames alone; the exit code. */
  async runFramed(argv: readonly string[], signal: AbortSignal): Promise<number> {
    return (await import('../adapters/framed-process.js')).runFramed(argv, signal)
  },
  /** In a process that `runFramed` started: where frames go. */
  async openFrames(fd: number): Promise<Writable> {
    return (await import('../adapters/framed-process.js')).openFrames(fd)
  },
}
