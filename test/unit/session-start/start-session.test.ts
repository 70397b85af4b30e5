import {expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {startSession, type StartBudget} from '../../../src/lib/session-start/start-session.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempDir} from '../../support/temp-dir.js'

it.each([
  [250, 1500],
  [60_000, 60_000],
])(
  'a server that may take %i ms to say that nothing is new has %i ms for its list',
  async (quickMs, answerMs) => {
    const asked: StartBudget[] = []
    const text = await startSession(
      {
        files: new NodeFiles(await tempDir(), systemRandom),
        clock: new FakeClock(),
        lock: {hold: (_options, work) => work()},
        server: 'https://agnes.example.com',
        // Nothing is known of a pull before.
        probe: () => expect.fail(),
        background: () => expect.fail(),
        async refresh(budget) {
          asked.push(budget)
          return {kind: 'pulled'}
        },
        tokenExpiresAt: async () => null,
        pushState: async () => ({isDue: false, failure: null}),
      },
      {quickMs, budgetMs: 120_000, budgetBytes: 1000, staleAfterMs: 1000, renewMs: 1000},
      new AbortController().signal,
    )
    expect([text, asked]).toEqual([null, [{budgetMs: 120_000, budgetBytes: 1000, answerMs}]])
  },
)
