import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {installClaudeCode, type ClaudeCode} from '../support/claude-code.js'
import {claudeDesk, type ClaudeDesk} from '../support/claude-desk.js'
import {secretCorpus} from '../unit/redact/secret-corpus.js'

let client: ClaudeCode
beforeAll(async () => {
  client = await installClaudeCode()
}, 300_000)
afterAll(() => client?.remove())

/** Says of one session that it is private. */
async function aSessionStaysHere(place: ClaudeDesk): Promise<void> {
  const run = await place.ask('/agnes-private')
  expect([run.exitCode, run.stdout]).toEqual([0, 'This session stays here.\n'])
  const {sessions} = await place.json('session', 'list')
  expect(sessions).toMatchObject([{state: 'private'}])
  const [turn] = place.api.turns
  expect(turn!.text).toContain(`${sessions[0].sessionId} is private now`)
  expect(turn!.text).not.toContain('agnes:managed')
}

/** The next one, after a change on the server; only its transcript arrives there. */
async function theNextStartsFresh(place: ClaudeDesk): Promise<void> {
  await place.write('orders.csv', 'id,amount\n1,700\n2,77\n')
  await place.write('refunds.csv', 'id\n1\n')
  await place.server.store.rescan()
  await place.server.grant('refunds')
  const {secret, text} = secretCorpus[0]!
  const run = await place.ask(`What is the total? ${text}`, '--allowedTools', 'Bash(agnes *)')
  expect([run.exitCode, run.stdout, run.stderr]).toEqual([0, 'The total is 777.\n', ''])

  const [, first, second] = place.api.turns
  expect(first!.text).toContain('Never invent a metric')
  expect(first!.text).toMatch(/SessionStart[\s\S]{0,300}refunds/)
  expect(JSON.parse(second!.toolResults[0]!)).toMatchObject({rows: [[777]]})

  await expect.poll(place.sent, {timeout: 60_000}).toHaveLength(1)
  const [transcript] = await place.sent()
  expect(transcript).toContain('What is the total?')
  expect(transcript).toContain('The total is 777.')
  expect(transcript?.includes(secret)).toBe(false)
}

/** By the same session with our hooks and without them, in turn. */
async function nobodyIsHeldUp(place: ClaudeDesk): Promise<void> {
  const settings = join(place.workspace, '.claude/settings.json')
  const hooks = await readFile(settings, 'utf8')
  const times = {with: [] as number[], without: [] as number[]}
  const texts = new Set<string>()
  for (const kind of ['with', 'without', 'with', 'without'] as const) {
    await writeFile(settings, kind === 'with' ? hooks : '{}\n')
    const run = await place.ask('hello')
    expect([run.exitCode, run.stdout, run.stderr]).toEqual([0, 'Done.\n', ''])
    times[kind].push(run.tookMs)
    texts.add(place.api.turns.at(-1)!.text.replace(/cc_version=[^;]*;[^\n]*/, ''))
  }
  const [one, two] = [...texts]
  expect(two ?? one).toBe(one)
  const delayMs = median(times.with) - median(times.without)
  console.info(`a session with the server down starts and ends ${Math.round(delayMs)} ms later`)
  // The figure to reach is 300 ms; a busy machine must not decide this test.
  expect(delayMs).toBeLessThan(10_000)
}

describe('the real Claude Code client in a workspace of agnes init', () => {
  // One after the other in one workspace: each start of the client takes seconds of processor time.
  it(
    'keeps a private session here; starts the next on fresh data, is told what is new, and leaves its transcript on the server, redacted; is not held up and told nothing when the server is down',
    {timeout: 600_000},
    async () => {
      const total = {
        tool: 'Bash',
        input: {command: 'agnes query "SELECT sum(amount) AS total FROM orders" --json'},
      }
      const place = await claudeDesk(client, [
        'This session stays here.',
        total,
        'The total is 777.',
      ])
      // A busy computer decides nothing.
      Object.assign(place.env, {AGNES_HOOK_SECONDS: '120', AGNES_HOOK_ANSWER_MS: '60000'})
      await aSessionStaysHere(place)
      await theNextStartsFresh(place)
      await place.server.close()
      await nobodyIsHeldUp(place)
    },
  )
})

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
