import type {Streams} from './streams.js'

/**
 * The warm engine: a process of this user that keeps the SQL engine loaded, and runs `agnes query` for
 * commands that ask it. It is a favour: whoever cannot have it answers by itself.
 */

/** Everything in which the command that asks and the process that answers may differ. */
export interface WarmRequest {
  /** Words after `agnes query`. */
  argv: string[]
  /** Working folder, absolute. */
  folder: string
  /** What tells it, and the root, from others of the same name. */
  folderMarks: string
  /** What the environment says about a query; never a token. */
  variables: Record<string, string>
  /** What has to be the same in both processes, by name. */
  surroundings: Record<string, string>
  umask: number
  /** Standard input, where the command line asks for it. */
  stdin: string
  out: StreamFacts
  err: StreamFacts
}

export interface StreamFacts {
  isTty: boolean
  hasColor: boolean
  columns: number
}

/** The side that asks. */
export interface WarmEngine {
  /** `'none'` when nobody answers (in time, in this version), `'busy'` when a query is running there. */
  connect(version: string): Promise<WarmConnection | 'none' | 'busy'>
}

export interface WarmConnection {
  /**
   * Sends the one request and copies the answer to the streams. `'cold'`: nothing was written, and the
   * query is to be answered here. `'cut'`: the engine ended in the middle of what was written.
   */
  ask(
    request: WarmRequest,
    streams: Pick<Streams, 'out' | 'err'>,
  ): Promise<{exitCode: number} | 'cold' | 'cut'>
  /** Passes a signal on; the query ends as by the signal itself. */
  stop(signal: 'SIGINT' | 'SIGTERM'): void
  close(): void
}

/** One query on the side that answers. */
export interface WarmCall {
  request: WarmRequest
  /** What is written goes to whoever asked. */
  streams: Streams
  /** Aborts when whoever asked is gone, or was told to stop. */
  stop: AbortSignal
  /** The answer is `'cold'`, whatever is written from now on. */
  giveBack(): void
}

/** The side that answers: one query at a time, whoever comes meanwhile is told that it is busy. */
export interface WarmListener {
  /** Queries that were run here. */
  readonly answered: number
  /** Whether a query is being run. */
  readonly isBusy: boolean
  /** Whether nobody should be let in again: memory has grown, or the daemon or the socket is gone. */
  readonly isSpent: boolean
  close(): Promise<void>
}
