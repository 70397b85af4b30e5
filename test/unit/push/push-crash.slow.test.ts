import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {nodeFolders} from '../../../src/lib/adapters/node-folders.js'
import {systemClock} from '../../../src/lib/adapters/system-clock.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import type {HttpClient, JsonRequest} from '../../../src/lib/ports/http-client.js'
import type {Lock} from '../../../src/lib/ports/lock.js'
import {pushSessions, type PushDeps} from '../../../src/lib/push/push-sessions.js'
import {readForm, pushStage, transcript, type PushStage} from './push-stage.js'
import type {LoggedRequest} from '../../support/test-server.js'

/** Of one push that has much to do. */
const SESSIONS = 300
/** Session ends that are killed, over all seeds. */
const ENDS = 1000
const SEEDS = [1, 2, 3, 4]
/** Uploads under way when a process dies may have arrived without a row: no more than run at once. */
const PARALLEL = 4

/** A process that dies after so many effects (requests, appends): from then on nothing of it works. */
class Mortal {
  effects = 0

  constructor(private lives: number) {}

  get isDead(): boolean {
    return this.lives <= 0
  }

  /** @throws as the last thing it does */
  act(): void {
    if (--this.lives < 0) throw new Error('killed')
    this.effects++
  }
}

/**
 * Runs a push whose process is killed after `lives` effects; a torn write is left as a crash leaves it.
 * @param session only this one, as at its end
 * @returns how many effects it had
 */
async function pushAndDie(
  stage: PushStage,
  server: MemoryServer,
  lives: number,
  session?: string,
): Promise<number> {
  const mortal = new Mortal(lives)
  const workspace = new NodeFiles(stage.root, systemRandom, {beforeWrite: () => mortal.act()})
  const append = workspace.append.bind(workspace)
  workspace.append = async (path, data) => {
    // The kill may come in the middle of a write.
    if (lives % 3 === 0 && !mortal.isDead)
      try {
        mortal.act()
      } catch (error) {
        await stage.files.append(path, data.slice(0, data.length / 2))
        throw error
      }
    await append(path, data)
  }
  const deps: PushDeps = {
    place: {
      workspace,
      transcripts: new NodeFiles(stage.projects, systemRandom),
      config: new NodeFiles(`${stage.home}/.config/agnes`, systemRandom),
      folders: nodeFolders,
      clock: systemClock,
      origin: server.origin,
      workspaceServer: server.origin,
    },
    lock: noLock,
    random: systemRandom,
    http: async () => server.clientOf(mortal),
    isGzipAllowed: true,
  }
  const options = {isDryRun: false, isPatient: false, waitMs: 0, ...(session ? {session} : {})}
  await pushSessions(deps, options).catch((error: unknown) => {
    if (!mortal.isDead) throw error
  })
  return mortal.effects
}

/** The one the workspace belongs to. */
async function ownServer(stage: PushStage): Promise<MemoryServer> {
  const server = new MemoryServer()
  await stage.write('.claude/init-complete', `server_url: ${server.origin}\n`)
  return server
}

const noLock: Lock = {hold: (_options, work) => work()}

/** The server's side without the network, so that a thousand uploads take a moment. */
class MemoryServer {
  readonly origin = 'https://agnes.example.com'
  readonly stored = new Map<string, string>()
  uploads = 0
  /** Called with the session of each upload. */
  onUpload: (session: string) => void = () => {}

  clientOf(mortal: Mortal): HttpClient {
    return {
      origin: this.origin,
      openStream: () => Promise.reject(new Error('not used')),
      requestJson: async (_method, path, request = {}) => {
        // Killed before the request, or after it: the server has it and nobody knows.
        mortal.act()
        const body = path === '/api/upload/sessions' ? await this.store(request) : {status: 'ok'}
        mortal.act()
        return {status: 200, headers: {}, body}
      },
    }
  }

  private async store({upload}: JsonRequest): Promise<unknown> {
    const chunks: Uint8Array[] = []
    for await (const chunk of upload!.bytes) chunks.push(chunk)
    const headers = {'content-type': upload!.contentType}
    const {fileName, bytes} = readForm({headers, body: Buffer.concat(chunks)} as LoggedRequest)
    this.stored.set(fileName, bytes.toString('utf8'))
    this.uploads++
    this.onUpload(fileName.replace(/\.jsonl$/, ''))
    return {status: 'ok', filename: fileName, size: bytes.length}
  }
}

/** Of one workspace: the fewer share one, the less each push has to look at. */
const TOGETHER = 10

/** Ends each of its sessions with a push that is killed somewhere, then starts one that is not. */
async function endAndDie(of: string, lifeBelow: (effects: number) => number): Promise<void> {
  const stage = await pushStage()
  const server = await ownServer(stage)
  const ledger = async () => (await stage.files.readText('.claude/agnes/push-ledger.ndjson')) ?? ''
  let known = ''
  server.onUpload = (session) => expect(known).not.toContain(`"session":"${session}"`)
  await stage.addSession(`${of}-whole`)
  const effects = await pushAndDie(stage, server, Infinity, `${of}-whole`)
  for (let index = 0; index < TOGETHER; index++) {
    const id = `${of}-${index}`
    await stage.addSession(id)
    known = await ledger()
    expect(await pushAndDie(stage, server, lifeBelow(effects), id)).toBeLessThan(effects)
    // In between, a session starts, and its catching up is killed as well.
    known = await ledger()
    if (index % 7 === 6) await pushAndDie(stage, server, lifeBelow(effects))
  }
  known = await ledger()
  await pushAndDie(stage, server, Infinity)
  const ids = [`${of}-whole`, ...Array.from({length: TOGETHER}, (_, index) => `${of}-${index}`)]
  const sent = ids.map((id) => [`${id}.jsonl`, transcript(id, stage.root, [`hello from ${id}`])])
  expect(Object.fromEntries(server.stored)).toEqual(Object.fromEntries(sent))
  const before = server.uploads
  await pushAndDie(stage, server, Infinity)
  expect(server.uploads).toBe(before)
}

describe('a push that is killed', () => {
  it.each(SEEDS)(
    'at the end of each of a thousand sessions, somewhere, loses none and repeats none it knows of (seed %i)',
    {timeout: 120_000},
    async (seed) => {
      const ends = ENDS / SEEDS.length
      const numbers = fc.sample(fc.nat(), {numRuns: ends * 2, seed})
      const lifeBelow = (effects: number) => numbers.pop()! % effects
      for (let index = 0; index < ends / TOGETHER; index++)
        await endAndDie(`session-${index}`, lifeBelow)
    },
  )

  it(
    'in the midst of many sessions has sent each once when it is through at last',
    {timeout: 120_000},
    async () => {
      const stage = await pushStage()
      const server = await ownServer(stage)
      for (let index = 0; index < SESSIONS; index++) await stage.addSession(`session-${index}`)
      const lives = fc.sample(fc.integer({min: 1, max: 100}), {numRuns: 15, seed: 7})
      for (const life of lives) await pushAndDie(stage, server, life)
      await pushAndDie(stage, server, Infinity)
      expect(server.stored.size).toBe(SESSIONS)
      for (let index = 0; index < SESSIONS; index++)
        expect(server.stored.get(`session-${index}.jsonl`)).toBe(
          transcript(`session-${index}`, stage.root, [`hello from session-${index}`]),
        )
      expect(server.uploads).toBeLessThanOrEqual(SESSIONS + lives.length * PARALLEL)
      const before = server.uploads
      await pushAndDie(stage, server, Infinity)
      expect(server.uploads).toBe(before)
    },
  )

  it('goes on at the part it was at', {timeout: 120_000}, async () => {
    const stage = await pushStage()
    const server = await ownServer(stage)
    const texts = Array.from({length: 7}, () => 'x'.repeat(9_000_000))
    await stage.addSession('large', {texts})
    // Question and answer twice, a row: the second part is never asked for.
    await pushAndDie(stage, server, 5)
    expect([...server.stored.keys()]).toEqual(['large.part-0001.jsonl'])
    await pushAndDie(stage, server, Infinity)
    expect([...server.stored.keys()]).toEqual(['large.part-0001.jsonl', 'large.part-0002.jsonl'])
    expect([...server.stored.values()].join('') === transcript('large', stage.root, texts)).toBe(
      true,
    )
    expect(server.uploads).toBe(2)
  })
})
