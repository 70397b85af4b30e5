import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {claudeHome, installClaudeCode, type ClaudeCode} from '../support/claude-code.js'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {startMessagesApi, type Reply} from '../support/messages-api.js'
import {repositoryRoot} from '../support/run-cli.js'
import {tempDir} from '../support/temp-dir.js'
import {secretCorpus} from '../unit/redact/secret-corpus.js'

let client: ClaudeCode

beforeAll(async () => {
  client = await installClaudeCode()
}, 300_000)
afterAll(() => client?.remove())

/** A workspace made by `agnes init`, its server in this process, the real client beside it. */
async function desk(script: readonly Reply[] = []) {
  const home = await tempDir()
  const data = join(home, 'data')
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(data, path)), {recursive: true})
    await writeFile(join(data, path), text)
  }
  await write('orders.csv', 'id,amount\n1,10\n2,20\n')
  const server = await startEmbeddedServer({dir: data})
  await server.grant('orders')
  const api = await startMessagesApi(script)
  const programs = {
    claude: client.program,
    agnes: join(repositoryRoot, 'bin/run.js'),
    apiUrl: api.url,
  }
  const {env, claude, agnes} = await claudeHome(home, programs)
  const init = ['init', 'ws', '--server-url', server.url, '--token-stdin', '--json']
  const made = await agnes(home, init, await lastingToken(server))
  expect([made.exitCode, made.stderr]).toEqual([0, ''])
  const workspace = join(home, 'ws')
  return {
    server,
    api,
    env,
    workspace,
    write,
    ask: (...args: string[]) => claude(workspace, '-p', ...args),
    agnes: (...args: string[]) => agnes(workspace, args),
    json: async (...args: string[]) => {
      const {exitCode, stdout, stderr} = await agnes(workspace, [...args, '--json'])
      expect([stdout, exitCode, stderr]).toEqual([stdout, 0, ''])
      return JSON.parse(stdout)
    },
    /** Names and texts of the transcripts on the server. */
    sent: () => transcripts(server),
  }
}

type Desk = Awaited<ReturnType<typeof desk>>

/** One that expires so late that nobody is told. */
async function lastingToken({state, issuer}: EmbeddedServer): Promise<string> {
  const analyst = state.userByEmail('analyst@example.com')!
  const days90 = {name: 'desk', scope: 'general', seconds: 90 * 86_400}
  const {token, row} = issuer.personal(analyst, days90)
  await state.update(() => ({changes: [{put: 'tokens', row}], result: undefined}))
  return token
}

async function transcripts({dir}: EmbeddedServer): Promise<string[]> {
  const uploads = join(dir, 'uploads')
  const names = await readdir(uploads, {recursive: true}).catch(() => [])
  const found = names.filter((name) => name.endsWith('.jsonl'))
  return Promise.all(found.map((name) => readFile(join(uploads, name), 'utf8')))
}

/** Says of one session that it is private. */
async function aSessionStaysHere(place: Desk): Promise<void> {
  const run = await place.ask('/agnes-private')
  expect([run.exitCode, run.stdout]).toEqual([0, 'This session stays here.\n'])
  const {sessions} = await place.json('session', 'list')
  expect(sessions).toMatchObject([{state: 'private'}])
  const [turn] = place.api.turns
  expect(turn!.text).toContain(`${sessions[0].sessionId} is private now`)
  expect(turn!.text).not.toContain('agnes:managed')
}

/** The next one, after a change on the server; only its transcript arrives there. */
async function theNextStartsFresh(place: Desk): Promise<void> {
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
async function nobodyIsHeldUp(place: Desk): Promise<void> {
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
      const place = await desk(['This session stays here.', total, 'The total is 777.'])
      // A busy computer decides nothing.
      Object.assign(place.env, {AGNES_HOOK_SECONDS: '120', AGNES_HOOK_ANSWER_MS: '60000'})
      await aSessionStaysHere(place)
      await theNextStartsFresh(place)
      await place.server.close()
      await nobodyIsHeldUp(place)
    },
  )

  it('gets, updates and loses the plugins the server offers', {timeout: 300_000}, async () => {
    const place = await desk()
    const {state} = place.server
    const offer = async (name: string, version: string, text: string) => {
      const root = `marketplace/core/${name}`
      const manifest = {name, version, description: `About ${name}`}
      await place.write(`${root}/.claude-plugin/plugin.json`, JSON.stringify(manifest))
      await place.write(`${root}/commands/hello.md`, text)
    }
    for (const name of ['alpha', 'beta']) {
      await offer(name, '1.0.0', `Say the word of ${name} one.\n`)
      const row = {
        id: name,
        groupId: 'analysts',
        resourceType: 'marketplace_plugin',
        resourceId: `core/${name}`,
        assignedAt: '2026-01-31T12:00:00.000000',
        assignedBy: 'test',
      }
      await state.update(() => ({changes: [{put: 'grants', row}], result: undefined}))
    }
    const did = async (...flags: string[]) =>
      (await place.json('marketplace', 'refresh', ...flags)).plugins.map(
        ({action, name, state: end}: {action: string; name: string; state: string}) =>
          `${action} ${name} ${end}`,
      )
    expect(await did('--check')).toEqual(['install alpha planned', 'install beta planned'])
    expect(await did()).toEqual(['install alpha done', 'install beta done'])
    expect(await did('--check')).toEqual([])
    await place.ask('/alpha:hello')
    expect(place.api.turns.at(-1)!.text).toContain('Say the word of alpha one.')

    await offer('alpha', '1.1.0', 'Say the word of alpha two.\n')
    await state.update(() => ({changes: [{drop: 'grants', key: ['beta']}], result: undefined}))
    expect(await did('--git')).toEqual(['update alpha done', 'remove beta done'])
    await place.ask('/alpha:hello')
    expect(place.api.turns.at(-1)!.text).toContain('Say the word of alpha two.')

    await state.update(() => ({changes: [{drop: 'grants', key: ['alpha']}], result: undefined}))
    const last = await place.json('marketplace', 'refresh')
    expect(last).toMatchObject({offered: [], plugins: [], kept: ['alpha']})
    const settings = await readFile(join(place.workspace, '.claude/settings.json'), 'utf8')
    expect(JSON.parse(settings).enabledPlugins).toEqual({'alpha@agnes': true})
  })
})

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
