import {InterruptedError, toAgnesError, type AgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {JobOutcome, JobRunner} from '../ports/job-runner.js'
import type {Random} from '../ports/random.js'
import type {Board} from './board.js'
import type {DaemonSettings} from './daemon-settings.js'
import type {FindingBook} from './findings/finding-book.js'
import type {Finding, Hold, Observation} from './model.js'
import {nextDelayMs} from './pace.js'
import type {Service} from './supervisor.js'
import {PullNews} from './pull-news.js'
import {readPullOutcome, type PullOutcome} from './pull-outcome.js'
import {Waker} from './waker.js'

export interface LoopDeps {
  clock: Clock
  random: Random
  board: Board
  book: FindingBook
  jobs: JobRunner
  settings: () => DaemonSettings
  hold: () => Promise<Hold | null>
  freeBytes: (workspace: string) => Promise<number>
  /** What the sensors see in a workspace. */
  sense: (workspace: string, signal: AbortSignal) => Promise<Observation[]>
  /** Of the server's watch: grows with every change; 0 before the first answer. */
  serverVersion: (origin: string) => number
  serverError: (origin: string) => {code: string; message: string; since: string} | null
}

/** Between two looks at the local facts. */
const LOOK_MS = 60_000
/** A table that was being published while it was fetched is whole a moment later. */
const FIRST_RETRY_MS = 5_000
const RETRY_BASE_MS = 60_000

/** One workspace: one thing at a time, woken when its server changed or somebody asked. */
export class WorkspaceLoop implements Service {
  readonly name: string
  private readonly waker = new Waker()
  private pulledVersion = -1
  private failedVersion = -1
  private failures = 0
  private retryAtMs = 0
  private isAskedFor = false
  private isRetryWanted = false
  private readonly news: PullNews
  /** Who waits for the next pull, and for the one that runs: that one may have begun too early to tell. */
  private readonly waiting: ((outcome: PullOutcome) => void)[] = []
  private readonly attending: ((outcome: PullOutcome) => void)[] = []

  constructor(
    readonly path: string,
    readonly server: string,
    private readonly deps: LoopDeps,
  ) {
    this.name = `workspace ${path}`
    const {book, clock} = deps
    this.news = new PullNews(
      clock,
      book.list().filter(({workspace}) => workspace === path),
    )
    deps.board.workspace(path, server)
  }

  wake(): void {
    this.waker.wake()
  }

  /** As `wake`; what failed, or fails just now, is not waited for any longer. */
  retryNow(): void {
    this.retryAtMs = 0
    this.isRetryWanted = true
    this.waker.wake()
  }

  /** Begins a pull now, whatever the hour or the last failure; resolves with how it ended. */
  pullNow(): Promise<PullOutcome> {
    this.isAskedFor = true
    const outcome = new Promise<PullOutcome>((resolve) => this.waiting.push(resolve))
    this.waker.wake()
    return outcome
  }

  /** Whether it has what the server is known to have, and nothing is in its way. */
  get isCurrent(): boolean {
    const {kind} = this.deps.board.workspace(this.path, this.server).state
    const version = this.deps.serverVersion(this.server)
    const isCalm = kind === 'idle' || kind === 'scanning' || kind === 'mending'
    return isCalm && this.hasPulled(version)
  }

  /** A pull that was too big was looked at and not made: it is not due again, and nothing is fresh. */
  private hasPulled(version: number): boolean {
    return version > 0 && version === this.pulledVersion && !this.news.isTooBig
  }

  async serve(signal: AbortSignal): Promise<void> {
    const {clock, board} = this.deps
    try {
      for (;;) {
        await this.pass(signal)
        const waitMs = this.untilNextMs()
        const status = board.workspace(this.path, this.server)
        status.nextLookAt = new Date(clock.now() + waitMs).toISOString()
        await this.waker.wait(clock, waitMs, signal)
      }
    } catch (error) {
      if (!signal.aborted) this.noteBroken(toAgnesError(error))
      throw error
    } finally {
      if (signal.aborted) board.setState(this.path, {kind: 'stopping'})
      this.answerAll({kind: 'failed', code: 'daemon_stopped', message: 'The daemon was stopped.'})
    }
  }

  /** Until the next look, or until what failed is due again. */
  private untilNextMs(): number {
    const untilRetryMs = this.retryAtMs - this.deps.clock.monotonicMs()
    return untilRetryMs > 0 ? Math.min(LOOK_MS, untilRetryMs) : LOOK_MS
  }

  /** The loop itself failed, such as in a folder it may not read; it is started again after a while. */
  private noteBroken({code, message}: AgnesError): void {
    const since = this.errorSince() ?? this.now()
    const failures = ++this.failures
    this.deps.board.setState(this.path, {kind: 'error', code, message, since, failures})
    this.answerAll({kind: 'failed', code, message})
  }

  private async pass(signal: AbortSignal): Promise<void> {
    const {board, clock} = this.deps
    const why = this.isAskedFor ? null : await this.whyHeld()
    if (why !== null) {
      board.setState(this.path, {kind: 'held', why, since: this.now()})
      // Looking costs nothing and may be what a person waits for; only work is held.
      if (why !== 'paused') await this.look(signal)
      return
    }
    const version = this.deps.serverVersion(this.server)
    const isDue = version > 0 && version !== this.pulledVersion
    // What failed waits; what the server has published since may be whole again.
    const mayTry = version !== this.failedVersion || clock.monotonicMs() >= this.retryAtMs
    if (this.isAskedFor || (isDue && mayTry)) await this.pull(version, signal)
    else this.noteFresh(version)
    const finding = await this.look(signal)
    if (finding) await this.mend(finding, signal)
  }

  private async whyHeld(): Promise<Hold | null> {
    const hold = await this.deps.hold()
    if (hold !== null) return hold
    const free = await this.deps.freeBytes(this.path)
    return free < this.deps.settings().freeBytesFloor ? 'disk_low' : null
  }

  private async pull(version: number, signal: AbortSignal): Promise<void> {
    const {board, clock, random} = this.deps
    this.isAskedFor = false
    this.isRetryWanted = false
    this.attending.push(...this.waiting.splice(0))
    board.setState(this.path, {kind: 'pulling', since: this.now()})
    const argv = ['pull', '--quiet', ...this.pullLimit(), '--workspace', this.path]
    const job = await this.run(argv, signal)
    this.news.note(job)
    const outcome = readPullOutcome(job)
    if (outcome.kind === 'done' || outcome.kind === 'too_big') {
      this.pulledVersion = version
      this.failures = 0
      this.retryAtMs = 0
      const status = board.workspace(this.path, this.server)
      if (outcome.kind === 'done') status.freshAt = status.lastPullAt = this.now()
      board.setState(this.path, {kind: 'idle'})
    } else {
      this.failures++
      this.failedVersion = version
      const isFirst = this.failures === 1
      const failures = isFirst ? 0 : this.failures - 2
      const baseMs = isFirst ? FIRST_RETRY_MS : RETRY_BASE_MS
      const delayMs = this.isRetryWanted ? 0 : nextDelayMs(baseMs, random.float(), {failures})
      this.retryAtMs = clock.monotonicMs() + delayMs
      const {code, message} = outcome
      const since = this.errorSince() ?? this.now()
      board.setState(this.path, {kind: 'error', code, message, since, failures: this.failures})
    }
    this.answer(this.attending, outcome)
  }

  /** More is fetched only when somebody approved it. */
  private pullLimit(): string[] {
    return ['--max-bytes', String(this.deps.settings().autoPullBytes)]
  }

  /** The server was asked and has nothing newer than what was pulled. */
  private noteFresh(version: number): void {
    const {board} = this.deps
    const status = board.workspace(this.path, this.server)
    const asked = board.server(this.server)
    if (this.hasPulled(version) && !asked.error) {
      status.freshAt = asked.lastAnsweredAt
      board.setState(this.path, {kind: 'idle'})
    }
  }

  /** Sensors, and what is to be mended next. */
  private async look(signal: AbortSignal): Promise<Finding | undefined> {
    const {book, sense, board} = this.deps
    const before = board.workspace(this.path, this.server).state
    if (before.kind === 'idle') board.setState(this.path, {kind: 'scanning'})
    try {
      const seen = await sense(this.path, signal)
      await book.update(this.path, [...seen, ...this.news.observations], this.now())
    } finally {
      board.setState(this.path, before)
    }
    return book.nextToMend(this.path)
  }

  private async mend(finding: Finding, signal: AbortSignal): Promise<void> {
    const {board, book} = this.deps
    const needsServer = ['pull', 'push'].includes(finding.action?.[0] ?? '')
    // Not an attempt: it would fail for a reason that has nothing to do with the finding.
    if (needsServer && this.deps.serverError(this.server)) return
    const before = board.workspace(this.path, this.server).state
    const command = `agnes ${finding.action?.join(' ')}`
    board.setState(this.path, {kind: 'mending', since: this.now(), command})
    await book.begin(finding, this.now())
    const isPull = finding.action?.[0] === 'pull'
    // What was too big was asked for by a person, so without the limit that made it a finding.
    const limit = isPull && finding.kind !== 'pull_too_big' ? this.pullLimit() : []
    const argv = [...(finding.action ?? []), ...limit, '--workspace', this.path]
    const outcome = await this.run(argv, signal).catch(async (error: unknown) => {
      await book.putBack(finding, this.now())
      throw error
    })
    if (isPull) this.news.note(outcome)
    const isOver = before.kind !== 'held' && before.kind !== 'error'
    board.setState(this.path, isOver ? {kind: 'idle'} : before)
    const seen = await this.deps.sense(this.path, signal)
    await book.finish(finding, {
      seen: [...seen, ...this.news.observations],
      outcome,
      now: this.now(),
    })
  }

  /** A run of this CLI; what keeps it from starting is an outcome like any other. */
  private async run(argv: string[], signal: AbortSignal): Promise<JobOutcome> {
    const {bytesPerSecond} = this.deps.settings()
    const variables: Record<string, string> =
      bytesPerSecond === null ? {} : {AGNES_PULL_BYTES_PER_SECOND: String(bytesPerSecond)}
    try {
      const outcome = await this.deps.jobs.run(argv, {folder: this.path, variables}, signal)
      signal.throwIfAborted()
      return outcome
    } catch (error) {
      if (signal.aborted) throw new InterruptedError('SIGTERM')
      const {exitCode, code, message} = toAgnesError(error)
      return {exitCode, document: {error: {code, message}}}
    }
  }

  private errorSince(): string | undefined {
    const {state} = this.deps.board.workspace(this.path, this.server)
    return state.kind === 'error' ? state.since : undefined
  }

  private answer(those: ((outcome: PullOutcome) => void)[], outcome: PullOutcome): void {
    for (const tell of those.splice(0)) tell(outcome)
  }

  private answerAll(outcome: PullOutcome): void {
    this.answer(this.attending, outcome)
    this.answer(this.waiting, outcome)
  }

  private now(): string {
    return new Date(this.deps.clock.now()).toISOString()
  }
}
