import {UnexpectedError} from '../../errors.js'
import type {Clock} from '../../ports/clock.js'
import type {Files} from '../../ports/files.js'
import type {JobRunner} from '../../ports/job-runner.js'
import type {Service} from '../supervisor.js'

/** The query that asked for it is being answered without it, and needs the processors more. */
const LEAVE_ALONE_MS = 1000

export interface WarmEngineDeps {
  clock: Clock
  jobs: JobRunner
  /** The config folder. */
  config: Files
  /** What config.yaml says now. */
  isWanted: () => boolean
}

/**
 * Starts the process that answers queries when somebody asks for it (`agnes daemon engine`); it ends by
 * itself. A process of its own keeps the daemon small, and a crash of the engine out of it.
 */
export class WarmEngine implements Service {
  readonly name = 'engine'
  private start: (() => void) | undefined
  private running: AbortController | undefined

  constructor(private readonly deps: WarmEngineDeps) {}

  /** Whether one is there or on its way. */
  wake(): boolean {
    const isWanted = this.deps.isWanted()
    if (isWanted) this.start?.()
    return isWanted
  }

  /** Follows the settings: one that is not wanted any more ends. */
  follow(): void {
    if (!this.deps.isWanted()) this.running?.abort()
  }

  async serve(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.asked(signal)
      this.running = new AbortController()
      try {
        await this.keep(AbortSignal.any([signal, this.running.signal]))
      } finally {
        this.running = undefined
      }
    }
  }

  private asked(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error)
      this.start = () => {
        this.start = undefined
        signal.removeEventListener('abort', stop)
        resolve()
      }
      signal.addEventListener('abort', stop, {once: true})
      if (signal.aborted) stop()
    })
  }

  private async keep(signal: AbortSignal): Promise<void> {
    const {clock, jobs, config} = this.deps
    await clock.sleep(LEAVE_ALONE_MS, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (signal.aborted) return
    const {exitCode} = await jobs.run(['daemon', 'engine'], {folder: config.root}, signal)
    if (exitCode === 0 || signal.aborted) return
    throw new UnexpectedError(`The process that answers queries ended with ${exitCode}.`, {
      code: 'engine_failed',
    })
  }
}
