import {setTimeout as delay} from 'node:timers/promises'
import type {Clock} from '../ports/clock.js'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, {signal})
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
