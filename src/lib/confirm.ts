import {once} from 'node:events'
import {createInterface} from 'node:readline/promises'
import {UsageError} from './errors.js'
import type {Streams} from './ports/streams.js'
import {sanitizeLine} from './present/sanitize.js'

export interface Question {
  /** What would happen, without the question mark: `Delete group analysts`. */
  text: string
  /** For a script: what to give instead of an answer. */
  hint: string
}

/**
 * Resolves when the person says yes. Off a terminal nobody is asked: `UsageError` (code
 * `confirmation_needed`). A person who says no, or ends the input, gets `not_confirmed` and no hint: the
 * flag that skips the question is no help to somebody who has just answered it.
 */
export async function confirm(
  streams: Streams,
  {text, hint}: Question,
  signal: AbortSignal,
): Promise<void> {
  if (!streams.in.isTTY || !streams.err.isTty)
    throw new UsageError(`Not done without a confirmation: ${text}.`, {
      code: 'confirmation_needed',
      hint,
    })
  await streams.err.write(`${sanitizeLine(text)}? [y/N] `)
  const lines = createInterface({input: streams.in, terminal: false})
  // Ctrl-D: the question alone would wait for ever.
  const ended = once(lines, 'close').then(() => undefined)
  try {
    const answer = await Promise.race([lines.question('', {signal}), ended])
    if (answer === undefined) await streams.err.write('\n')
    else if (/^y(es)?$/i.test(answer.trim())) return
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
  }
  throw new UsageError('Nothing was changed.', {code: 'not_confirmed'})
}
