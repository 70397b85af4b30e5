import {describe, expect, it} from 'vitest'
import {confirm} from '../../src/lib/confirm.js'
import type {AgnesError} from '../../src/lib/errors.js'
import {memoryStreams} from '../support/memory-streams.js'

const QUESTION = {text: 'Delete group Sales', hint: 'Add --yes to do it.'}

function answering(options: Parameters<typeof memoryStreams>[0], signal = liveSignal()) {
  const streams = memoryStreams(options)
  const outcome = confirm(streams, QUESTION, signal).then(
    () => 'confirmed' as const,
    (error: AgnesError) => error,
  )
  return {streams, outcome}
}

const liveSignal = () => new AbortController().signal

describe('confirm', () => {
  it.each(['y\n', 'Y\n', ' yes \n', 'y\r\n'])('takes %j as a yes', async (stdin) => {
    const {streams, outcome} = answering({tty: true, stdin})
    expect(await outcome).toBe('confirmed')
    expect(streams.err.text).toBe('Delete group Sales? [y/N] ')
  })

  it.each(['n\n', '\n', 'yeah\n'])(
    'after %j says that nothing was changed, and no more',
    async (stdin) => {
      const {outcome} = answering({tty: true, stdin})
      expect(await outcome).toMatchObject({
        code: 'not_confirmed',
        message: 'Nothing was changed.',
        hint: undefined,
        exitCode: 2,
      })
    },
  )

  it('takes the end of the input for a no', async () => {
    const {streams, outcome} = answering({tty: true, stdin: ''})
    expect(await outcome).toMatchObject({code: 'not_confirmed', hint: undefined})
    // Nobody pressed Enter: what follows begins a line of its own.
    expect(streams.err.text).toBe('Delete group Sales? [y/N] \n')
  })

  it('names the flag where nobody is there to ask', async () => {
    const {streams, outcome} = answering({tty: false, stdin: 'y\n'})
    expect(await outcome).toMatchObject({code: 'confirmation_needed', hint: QUESTION.hint})
    expect(streams.err.text).toBe('')
  })

  it('ends with the interruption when it is interrupted', async () => {
    const reason = new Error('Ctrl-C')
    const {outcome} = answering({tty: true, stdin: 'y\n'}, AbortSignal.abort(reason))
    expect(await outcome).toBe(reason)
  })
})
