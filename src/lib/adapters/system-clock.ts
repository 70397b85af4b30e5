import {setTimeout as delay} from 'node:timers/promises'
import type {Clock} from '../ports/clock.js'

export const systemClock: Clock = {
  now: () => Date.now(),
  // `performance` takes Node a dozen files.
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, {signal})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
