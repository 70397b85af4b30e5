import {mkdirSync, renameSync, statSync} from 'node:fs'
import {dirname} from 'node:path'
import {destination, pino} from 'pino'
import type {Clock} from '../ports/clock.js'
import type {Logger} from '../ports/logger.js'

/** A longer log is set aside as `<name>.1`; the one before that is given up. */
const MAX_BYTES = 2 * 1024 * 1024
/** Between two looks at its length. */
const LOOK_EVERY_LINES = 200

/** One JSON line per event: `level` (a word), `at` (ISO 8601), `event`, then its fields. */
export function logFile(path: string, clock: Clock): Logger {
  mkdirSync(dirname(path), {recursive: true, mode: 0o700})
  setAside(path)
  const file = destination({dest: path, sync: true, append: true, mode: 0o600})
  const log = pino(
    {
      base: null,
      messageKey: 'event',
      timestamp: () => `,"at":"${new Date(clock.now()).toISOString()}"`,
      formatters: {level: (label) => ({level: label})},
    },
    file,
  )
  let lines = 0
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: Record<string, unknown> = {}) => {
      if (++lines % LOOK_EVERY_LINES === 0 && setAside(path)) file.reopen()
      log[level](fields, event)
    }
  return {debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error')}
}

function setAside(path: string): boolean {
  const size = statSync(path, {throwIfNoEntry: false})?.size ?? 0
  if (size <= MAX_BYTES) return false
  renameSync(path, `${path}.1`)
  return true
}
