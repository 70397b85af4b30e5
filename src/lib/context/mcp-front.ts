import {runFramed} from '../adapters/framed-process.js'
import {ownProcess} from '../adapters/own-process.js'

/** What it takes to start the process that serves. */
export const createMcpFront = () => ({
  ...ownProcess,
  /** `agnes mcp <words>` with its standard output kept for frames alone; the exit code. */
  serve: (words: readonly string[], signal: AbortSignal) => runFramed(['mcp', ...words], signal),
})
