import type {Clock} from '../lib/ports/clock.js'
import type {Logger} from '../lib/ports/logger.js'
import type {OutputStream} from '../lib/ports/streams.js'

/** Whoever runs the server sees warnings and errors, one JSON line each; the rest goes to `below`. */
export function serverLog(err: OutputStream, clock: Clock, below: Logger): Logger {
  const say = (level: string) => (event: string, fields?: Record<string, unknown>) => {
    const at = new Date(clock.now()).toISOString()
    void err.write(JSON.stringify({at, level, event, ...fields}) + '\n')
  }
  return {...below, warn: say('warn'), error: say('error')}
}
