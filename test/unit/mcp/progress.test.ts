import type {ServerContext} from '@modelcontextprotocol/server'
import {describe, expect, it, onTestFinished} from 'vitest'
import {withProgress} from '../../../src/lib/mcp/progress.js'
import {FakeClock} from '../../support/fake-clock.js'

function contextWith(notify: () => Promise<void>): ServerContext {
  return {mcpReq: {_meta: {progressToken: 1}, notify}} as unknown as ServerContext
}

/** Everything that can run now has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('progress of a long call', () => {
  it('beats while nothing else is told', async () => {
    const clock = new FakeClock()
    let beats = 0
    const answer = await withProgress(
      contextWith(async () => void beats++),
      clock,
      async () => {
        await clock.advance(5_000)
        await settled()
        await clock.advance(5_000)
        return 'done'
      },
    )
    expect({answer, beats}).toEqual({answer: 'done', beats: 2})
  })

  it('does not end the process when the client goes in the middle', async () => {
    const clock = new FakeClock()
    const unhandled: unknown[] = []
    const note = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const gone = contextWith(() => Promise.reject(new Error('Not connected')))
    const answer = await withProgress(gone, clock, async () => {
      await clock.advance(5_000)
      await settled()
      return 'done'
    })
    expect({answer, unhandled}).toEqual({answer: 'done', unhandled: []})
  })
})
