import type {Clock} from '../ports/clock.js'
import type {Logger} from '../ports/logger.js'
import type {OutputStream} from '../ports/streams.js'

/** One JSON line per event on stderr; silent unless `enabled` (AGNES_DEBUG=1). */
export function stderrLogger(err: OutputStream, clock: Clock, enabled: boolean): Logger {
  const log = (level: string) => (event: string, fields?: Record<string, unknown>) => {
    if (!enabled) return
    const at = new Date(clock.now()).toISOString()
    void err.write(JSON.stringify({at, level, event, ...fields}) + '\n')
  }
  return {debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error')}
}
