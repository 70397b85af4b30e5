import {toAgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {Logger} from '../ports/logger.js'
import type {Random} from '../ports/random.js'
import {nextDelayMs} from './pace.js'

/** Something that runs until it is told to stop. Returning early counts as done, throwing as a failure. */
export interface Service {
  readonly name: string
  serve(signal: AbortSignal): Promise<void>
}

const RESTART_BASE_MS = 1000
/** A service that ran this long before it failed starts over with the shortest wait. */
const STEADY_MS = 10 * 60_000

interface Running {
  service: Service
  stop: AbortController
  ended: Promise<void>
}

/** Keeps services running: one that fails is started again after a growing wait, the others go on. */
export class Supervisor {
  private readonly running = new Map<string, Running>()
  private isStopped = false

  constructor(private readonly deps: {clock: Clock; random: Random; logger: Logger}) {}

  get names(): string[] {
    return [...this.running.keys()]
  }

  /** Starts a service; one of the same name must have been removed before. */
  add(service: Service): void {
    if (this.isStopped || this.running.has(service.name)) return
    const stop = new AbortController()
    const ended = this.keepRunning(service, stop.signal)
    this.running.set(service.name, {service, stop, ended})
  }

  /** Stops a service and waits for its end. */
  async remove(name: string): Promise<void> {
    const found = this.running.get(name)
    this.running.delete(name)
    found?.stop.abort()
    await found?.ended
  }

  /** Stops all; nothing is started any more. */
  async close(): Promise<void> {
    this.isStopped = true
    await Promise.all(this.names.map((name) => this.remove(name)))
  }

  private async keepRunning(service: Service, signal: AbortSignal): Promise<void> {
    const {clock, random, logger} = this.deps
    let failures = 0
    let told = ''
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      try {
        await service.serve(signal)
        return
      } catch (error) {
        if (signal.aborted) return
        const {code, message} = toAgnesError(error)
        failures = clock.monotonicMs() - startedMs > STEADY_MS ? 1 : failures + 1
        // The same failure again and again is one fact.
        if (message !== told) logger.error('service.failed', {service: service.name, code, message})
        told = message
      }
      await clock
        .sleep(nextDelayMs(RESTART_BASE_MS, random.float(), {failures}), signal)
        .catch(() => undefined)
    }
  }
}
