import type {Clock} from '../ports/clock.js'
import type {ControlSocket} from '../ports/control-socket.js'
import type {Files} from '../ports/files.js'
import type {HttpClient} from '../ports/http-client.js'
import type {JobRunner} from '../ports/job-runner.js'
import type {Lock} from '../ports/lock.js'
import type {Logger} from '../ports/logger.js'
import type {Machine} from '../ports/machine.js'
import type {Random} from '../ports/random.js'
import {Board} from './board.js'
import {handleRequest} from './control.js'
import type {DaemonSettings} from './daemon-settings.js'
import {FindingBook} from './findings/finding-book.js'
import type {Finding, Hold, Observation} from './model.js'
import {isQuiet} from './pace.js'
import {senseServer} from './findings/sense-server.js'
import {ServerWatch} from './server-watch.js'
import {Supervisor, type Service} from './supervisor.js'
import {WarmEngine} from './warm/warm-engine.js'
import {WorkspaceLoop} from './workspace-loop.js'

export interface DaemonDeps {
  clock: Clock
  random: Random
  logger: Logger
  /** The config folder. */
  config: Files
  /** One daemon per user. */
  lock: Lock
  socket: ControlSocket
  jobs: JobRunner
  machine: Machine
  identity: {pid: number; version: string}
  /** Read anew each minute; rejects when config.yaml cannot be used. */
  readSettings: () => Promise<DaemonSettings>
  /** Workspaces to keep: absolute paths with their server's origin. Read anew each minute. */
  listWorkspaces: () => Promise<{path: string; server: string}[]>
  openHttp: (origin: string) => Promise<HttpClient>
  /** Changes with every sign-in and sign-out on this computer. */
  signInMark: () => Promise<string>
  freeBytes: (workspace: string) => Promise<number>
  /** What the sensors see in one workspace now. */
  sense: (
    workspace: string,
    settings: DaemonSettings,
    signal: AbortSignal,
  ) => Promise<Observation[]>
  /** ISO 8601; `null` when unknown or without end. */
  tokenEndsAt: (origin: string) => Promise<string | null>
  /** Called once requests are answered. */
  onReady: () => void
}

const ENDING_MS = 3000
const RELOAD_MS = 60_000
const BATTERY_LOOK_MS = 60_000
/** Asked of another program, and seldom another than before. */
const LINE_LOOK_MS = 10 * 60_000

/**
 * Runs until the signal aborts or a `stop` arrives. Rejects with `BusyError` (code `locked`) when
 * another daemon of this user runs.
 */
export async function runDaemon(deps: DaemonDeps, signal: AbortSignal): Promise<void> {
  await deps.lock.hold(
    // One that is just ending is waited for.
    {waitMs: ENDING_MS, command: 'agnes daemon run'},
    async () => new Daemon(deps, await deps.readSettings()).run(signal),
    signal,
  )
}

class Daemon {
  private readonly board: Board
  private readonly supervisor: Supervisor
  private readonly watches = new Map<string, ServerWatch>()
  private readonly loops = new Map<string, WorkspaceLoop>()
  private readonly stopping = new AbortController()
  private readonly isOnBattery: () => Promise<boolean>
  private readonly isMetered: () => Promise<boolean>
  private readonly engine: WarmEngine
  private book!: FindingBook
  private signInMark: string | undefined

  constructor(
    private readonly deps: DaemonDeps,
    private settings: DaemonSettings,
  ) {
    this.board = new Board(deps)
    this.supervisor = new Supervisor(deps)
    this.engine = new WarmEngine({...deps, isWanted: () => this.settings.hasWarmQueries})
    const {clock, machine} = deps
    this.isOnBattery = nowAndThen(clock, BATTERY_LOOK_MS, () => machine.isOnBattery())
    this.isMetered = nowAndThen(clock, LINE_LOOK_MS, () => machine.isMetered())
  }

  async run(signal: AbortSignal): Promise<void> {
    const {clock, config, logger, identity, socket} = this.deps
    const stop = () => this.stopping.abort()
    signal.addEventListener('abort', stop, {once: true})
    const startedAt = new Date(clock.now()).toISOString()
    const telling = {settings: () => this.settings, tell: (finding: Finding) => this.tell(finding)}
    this.book = await FindingBook.open({config, logger, ...telling}, startedAt)
    const controls = {
      clock,
      board: this.board,
      book: this.book,
      identity: {...identity, startedAt},
      pullNow: (path: string) => this.pullNow(path),
      isFresh: (path: string) => this.isFresh(path),
      wakeAll: () => this.wakeAll(),
      wakeEngine: () => this.engine.wake(),
      stop: () => this.stopping.abort(),
    }
    logger.info('daemon.started', {...identity})
    let listener: {close(): Promise<void>} | undefined
    try {
      // First, or whoever asks early would be told that its workspace is not kept.
      await this.reload()
      // Whoever asks for it is answered from the moment there is a socket.
      this.supervisor.add(this.engine)
      listener = await socket.listen((message) => handleRequest(controls, message))
      this.deps.onReady()
      this.supervisor.add({name: 'reload', serve: (end) => this.keepReloading(end)})
      await aborted(this.stopping.signal)
    } finally {
      await this.supervisor.close()
      await listener?.close()
      signal.removeEventListener('abort', stop)
      logger.info('daemon.stopped', {pid: identity.pid})
    }
  }

  private async keepReloading(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.lookAtServers()
      await this.deps.clock.sleep(RELOAD_MS, signal)
      await this.reload()
    }
  }

  /** Follows config.yaml and the registry. Settings that cannot be read leave the last good ones. */
  private async reload(): Promise<void> {
    const {logger, readSettings, listWorkspaces} = this.deps
    try {
      this.settings = await readSettings()
    } catch (error) {
      logger.error('settings.unreadable', {message: (error as Error).message})
    }
    this.engine.follow()
    const wanted = await listWorkspaces()
    for (const [path, loop] of this.loops) {
      if (wanted.some((entry) => entry.path === path && entry.server === loop.server)) continue
      this.loops.delete(path)
      await this.supervisor.remove(loop.name)
      this.board.workspaces.delete(path)
      await this.book.forget(path)
    }
    for (const {path, server} of wanted) if (!this.loops.has(path)) this.addLoop(path, server)
    const origins = new Set(wanted.map(({server}) => server))
    for (const [origin, watch] of this.watches) {
      if (origins.has(origin)) continue
      this.watches.delete(origin)
      await this.supervisor.remove(watch.name)
      this.board.servers.delete(origin)
      await this.book.forget(origin)
    }
    for (const origin of origins) if (!this.watches.has(origin)) this.addWatch(origin)
    await this.followSignIns()
  }

  /** What failed for want of a token is tried again at once, however long it would have waited. */
  private async followSignIns(): Promise<void> {
    const before = this.signInMark
    this.signInMark = await this.deps.signInMark()
    if (before === undefined || before === this.signInMark) return
    for (const watch of this.watches.values()) watch.wake()
    for (const loop of this.loops.values()) loop.retryNow()
  }

  /** A keychain may take its time to say when a token ends. */
  private async lookAtServers(): Promise<void> {
    const {clock, tokenEndsAt} = this.deps
    for (const origin of this.watches.keys()) {
      const nowMs = clock.now()
      const facts = {nowMs, tokenEndsAt: await tokenEndsAt(origin)}
      const seen = senseServer(this.board.server(origin), facts)
      await this.book.update(origin, seen, new Date(nowMs).toISOString())
    }
  }

  private addLoop(path: string, server: string): void {
    const {deps, board, book} = this
    const loop = new WorkspaceLoop(path, server, {
      ...deps,
      board,
      book,
      settings: () => this.settings,
      hold: () => this.hold(),
      sense: (workspace, signal) => deps.sense(workspace, this.settings, signal),
      serverVersion: (origin) => this.watches.get(origin)?.version ?? 0,
      serverError: (origin) => board.servers.get(origin)?.error ?? null,
    })
    this.loops.set(path, loop)
    this.start(loop)
  }

  private addWatch(origin: string): void {
    const {deps, board} = this
    const watch = new ServerWatch(
      origin,
      {...deps, board, settings: () => this.settings, hold: () => this.hold()},
      () => {
        for (const loop of this.loops.values()) if (loop.server === origin) loop.wake()
      },
    )
    this.watches.set(origin, watch)
    this.start(watch)
  }

  private start(service: Service): void {
    this.supervisor.add(service)
  }

  private pullNow(path: string) {
    const loop = this.loops.get(path)
    return loop?.pullNow()
  }

  private isFresh(path: string): boolean {
    const loop = this.loops.get(path)
    if (!loop?.isCurrent || this.board.servers.get(loop.server)?.error) return false
    return this.watches.get(loop.server)?.isRecent === true
  }

  private wakeAll(): void {
    for (const loop of this.loops.values()) loop.wake()
  }

  private async hold(): Promise<Hold | null> {
    const {clock} = this.deps
    if (this.board.isPaused) return 'paused'
    if (isQuiet(this.settings.quietHours, clock.now())) return 'quiet_hours'
    if (!this.settings.isBatteryUsed && (await this.isOnBattery())) return 'on_battery'
    return !this.settings.isMeteredUsed && (await this.isMetered()) ? 'metered' : null
  }

  private async tell({id, kind, state, message, workspace}: Finding): Promise<void> {
    const {logger, machine} = this.deps
    logger.warn('finding', {id, kind, state, workspace, message})
    if (!this.settings.hasNotices) return
    const title = state === 'waiting' ? `Approval wanted (${id})` : 'agnes'
    await machine.notify(title, message)
  }
}

/** One look at the machine for everybody who asks until the next; what it does not tell is not so. */
function nowAndThen(
  clock: Clock,
  everyMs: number,
  look: () => Promise<boolean | null>,
): () => Promise<boolean> {
  let last: {answer: Promise<boolean | null>; readMs: number} | undefined
  return async () => {
    const nowMs = clock.monotonicMs()
    if (!last || nowMs - last.readMs > everyMs) last = {answer: look(), readMs: nowMs}
    return (await last.answer) === true
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), {once: true})
  })
}
