import type {Clock} from '../../ports/clock.js'
import type {Files} from '../../ports/files.js'
import {DAEMON_LOG} from '../open-daemon.js'

/** One line of the daemon's log. */
export interface LogEvent {
  level: string
  /** ISO 8601. */
  at: string
  event: string
  [field: string]: unknown
}

const POLL_MS = 300

/** The last `lines` events; none when no daemon ever ran. */
export async function readLog(
  config: Files,
  lines: number,
): Promise<{path: string; events: LogEvent[]}> {
  const text = ((await config.readText(`${DAEMON_LOG}.1`)) ?? '') + (await logTextOf(config))
  return {path: config.absolute(DAEMON_LOG), events: parseLines(text).slice(-lines)}
}

/** Events from now on, until the signal aborts. */
export async function* followLog(
  {config, clock}: {config: Files; clock: Clock},
  signal: AbortSignal,
): AsyncGenerator<LogEvent> {
  let read = (await logTextOf(config)).length
  for (;;) {
    const isOver = await clock.sleep(POLL_MS, signal).then(
      () => false,
      () => true,
    )
    if (isOver) return
    const text = await logTextOf(config)
    // Set aside meanwhile: what is there now is all new.
    if (text.length < read) read = 0
    const whole = text.lastIndexOf('\n') + 1
    yield* parseLines(text.slice(read, whole))
    read = Math.max(read, whole)
  }
}

async function logTextOf(config: Files): Promise<string> {
  return (await config.readText(DAEMON_LOG)) ?? ''
}

function parseLines(text: string): LogEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LogEvent]
    } catch {
      // Cut off by a power failure.
      return []
    }
  })
}
