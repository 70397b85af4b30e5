import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {onTestFinished} from 'vitest'
import {FileLock} from '../../../src/lib/adapters/file-lock.js'
import {GotHttpClient} from '../../../src/lib/adapters/http-client.js'
import {NodeFiles} from '../../../src/lib/adapters/node-files.js'
import {systemRandom} from '../../../src/lib/adapters/system-random.js'
import {unixControlSocket} from '../../../src/lib/adapters/unix-control-socket.js'
import {parseDaemonSettings} from '../../../src/lib/daemon/daemon-settings.js'
import type {Observation} from '../../../src/lib/daemon/model.js'
import {runDaemon, type DaemonDeps} from '../../../src/lib/daemon/run-daemon.js'
import {AuthError} from '../../../src/lib/errors.js'
import type {JobOutcome} from '../../../src/lib/ports/job-runner.js'
import {FakeClock} from '../../support/fake-clock.js'
import {tempDir} from '../../support/temp-dir.js'

/** A server that lists one version of one table; how it answers can be changed at any time. */
export async function versionServer() {
  const world = {
    ...{version: 1, status: 200, hasEtag: true, retryAfter: 0, manifests: 0, requests: 0},
    /** The only token it takes; `null` takes any. */
    token: null as string | null,
    /** Tokens of the requests so far. */
    tokens: [] as string[],
  }
  const server = createServer((request, response) => {
    world.requests++
    if (request.url === '/api/sync/manifest') world.manifests++
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    world.tokens.push(token)
    if (world.token !== null && token !== world.token) {
      response.statusCode = 401
      return response.end('{"detail": "Invalid token"}')
    }
    if (world.status !== 200) {
      if (world.retryAfter > 0) response.setHeader('retry-after', world.retryAfter)
      response.statusCode = world.status
      return response.end('{"detail": "not now"}')
    }
    const etag = `"${world.version}"`
    if (world.hasEtag) response.setHeader('etag', etag)
    if (world.hasEtag && request.headers['if-none-match'] === etag) {
      response.statusCode = 304
      return response.end()
    }
    response.setHeader('content-type', 'application/json')
    const tables = {orders: {id: 'orders', hash: `v${world.version}`}}
    response.end(JSON.stringify({tables, server_time: `${world.requests}`}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const {port} = server.address() as AddressInfo
  return Object.assign(world, {origin: `http://127.0.0.1:${port}`})
}

/** The document of a pull, as far as the daemon reads it. */
const nothingNew = {ok: true, downloaded: [], adopted: [], kept: [], pruned: [], failed: []}
export const done: JobOutcome = {exitCode: 0, document: nothingNew}
/** A pull that took a table away because it is not granted any more. */
export const lost = (table: string, other: object = {}, exitCode = 0): JobOutcome => ({
  exitCode,
  document: {...nothingNew, pruned: [{table, reason: 'revoked'}], ...other},
})
/** A pull that brought a table. */
export const brought = (table: string): JobOutcome => ({
  exitCode: 0,
  document: {...nothingNew, downloaded: [{table}]},
})
export const failed = (code: string, exitCode = 9): JobOutcome => ({
  exitCode,
  document: {error: {code, message: `It failed: ${code}.`}},
})

export interface Job {
  argv: string[]
  folder: string
  atMs: number
  variables: Readonly<Record<string, string>>
}

/** A whole daemon on fake time: real socket, real files, real HTTP; jobs and sensors are scripted. */
export type DaemonWorld = Awaited<ReturnType<typeof daemonWorld>>

export async function daemonWorld(
  workspaces: {path: string; server: string}[],
  settings: unknown = {},
) {
  const clock = new FakeClock()
  const config = new NodeFiles(await tempDir(), systemRandom)
  const socket = unixControlSocket(config.root, await tempDir())
  const stop = new AbortController()
  const world = {
    clock,
    config,
    socket,
    workspaces,
    settings,
    jobs: [] as Job[],
    looks: 0,
    notices: [] as string[],
    log: [] as {event: string}[],
    isOnBattery: false,
    isMetered: false,
    freeBytes: 1e12,
    tokenEndsAt: null as string | null,
    /** What this computer is signed in with, and how often that has changed. */
    signedIn: {token: 'secret' as string | null, mark: 0},
    /** How a job ends. */
    outcomeOf: (_job: Job): JobOutcome | Promise<JobOutcome> => done,
    /** What the daemon is asked, without a connection: it is there at once. */
    ask: async (_message: unknown): Promise<unknown> => undefined,
    /** What sensors see. */
    seenIn: (_workspace: string): Observation[] => [],
    /** Pulls so far, of one workspace or all. */
    pulls: (folder?: string) =>
      world.jobs.filter(
        (job) => job.argv[0] === 'pull' && (folder === undefined || job.folder === folder),
      ),
    ended: Promise.resolve(),
    /** Lets everything that can run now run. */
    settle: () => settle(clock, world),
    /** Moves time on in steps, letting the daemon work in between. */
    async pass(ms: number, stepMs = 5000) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        await clock.advance(stepMs)
        await world.settle()
      }
    },
    async stop() {
      stop.abort()
      await world.ended
    },
  }
  const log = (event: string, fields?: Record<string, unknown>) => {
    world.log.push({event, ...fields})
  }
  const deps: DaemonDeps = {
    clock,
    random: {...systemRandom, float: () => 0.5},
    logger: {debug: log, info: log, warn: log, error: log},
    config,
    lock: new FileLock(join(config.root, 'daemon.lock'), clock),
    socket: {
      ...socket,
      listen(handler) {
        world.ask = async (message) => handler(message, stop.signal)
        return socket.listen(handler)
      },
    },
    jobs: {
      async run(argv, {folder, variables = {}}) {
        const job = {argv: [...argv], folder, variables, atMs: clock.monotonicMs()}
        world.jobs.push(job)
        return world.outcomeOf(job)
      },
    },
    machine: {
      isOnBattery: async () => world.isOnBattery,
      isMetered: async () => world.isMetered,
      notify: async (_title, text) => world.notices.push(text) > 0,
    },
    identity: {pid: 1, version: '1.2.3'},
    readSettings: async () => parseDaemonSettings(world.settings),
    listWorkspaces: async () => world.workspaces,
    async openHttp(origin) {
      const {token} = world.signedIn
      if (token === null) throw new AuthError('No token is stored.')
      return new GotHttpClient({origin, token, userAgent: 'test'})
    },
    signInMark: async () => String(world.signedIn.mark),
    freeBytes: async () => world.freeBytes,
    async sense(workspace) {
      world.looks++
      return world.seenIn(workspace)
    },
    tokenEndsAt: async () => world.tokenEndsAt,
    onReady: () => {},
  }
  world.ended = runDaemon(deps, stop.signal)
  const started = Object.assign(world, {deps})
  onTestFinished(() => world.stop())
  await world.settle()
  return started
}

/** Until every service sleeps: a loop each, a watch per server, and the reload. */
async function settle(clock: FakeClock, world: {workspaces: {server: string}[]}) {
  const servers = new Set(world.workspaces.map(({server}) => server)).size
  const services = world.workspaces.length + servers + 1
  for (let calm = 0; calm < 3;) {
    calm = clock.waiting === services ? calm + 1 : 0
    await new Promise((resolve) => setImmediate(resolve))
  }
}
