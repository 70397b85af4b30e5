import type {AgnesError} from '../errors.js'
import {sanitize} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** A failure for a person: the sentence, then the next step. With `debug` the stack follows. */
export function errorText(
  error: AgnesError,
  terminal: Pick<Terminal, 'hasColor'>,
  debug: boolean,
): string {
  const lines = [`${paint(terminal, 'red', 'Error:')} ${sanitize(error.message)}`]
  if (error.hint) lines.push(`${paint(terminal, 'dim', 'Next:')} ${sanitize(error.hint)}`)
  if (debug)
    lines.push(error.stack ?? '', error.cause instanceof Error ? (error.cause.stack ?? '') : '')
  return lines.filter((line) => line !== '').join('\n') + '\n'
}
