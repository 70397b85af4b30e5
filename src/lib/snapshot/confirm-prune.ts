import {createInterface} from 'node:readline/promises'
import {UsageError} from '../errors.js'
import type {Streams} from '../ports/streams.js'

/** Resolves when the person says yes; off a terminal nobody is asked. */
export async function confirmPrune(
  streams: Streams,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  if (count === 0) return
  if (!streams.in.isTTY || !streams.err.isTty)
    throw new UsageError(`This would remove all ${count} snapshots.`, {
      code: 'confirmation_needed',
      hint: 'Give a rule (--older-than, --larger-than, --expired), or --yes to remove them all.',
      details: {snapshots: count},
    })
  const lines = createInterface({input: streams.in, terminal: false})
  try {
    await streams.err.write(`Remove all ${count} snapshots? [y/N] `)
    const answer = await lines.question('', {signal})
    if (/^y(es)?$/i.test(answer.trim())) return
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    lines.close()
  }
  throw new UsageError('Nothing was removed.', {
    code: 'not_confirmed',
    hint: 'Give a rule (--older-than, --larger-than, --expired) to remove some of them.',
  })
}
