import {AuthError, RateLimitedError, ServerError, toAgnesError, type AgnesError} from '../errors.js'
import type {Clock} from '../ports/clock.js'
import type {HttpClient} from '../ports/http-client.js'
import type {Random} from '../ports/random.js'
import type {Board} from './board.js'
import type {DaemonSettings} from './daemon-settings.js'
import {ManifestQuestion} from './manifest-question.js'
import type {Hold} from './model.js'
import {nextDelayMs} from './pace.js'
import type {Service} from './supervisor.js'
import {Waker} from './waker.js'

export interface WatchDeps {
  clock: Clock
  random: Random
  board: Board
  settings: () => DaemonSettings
  /** Why nothing may be asked at present. */
  hold: () => Promise<Hold | null>
  openHttp: (origin: string) => Promise<HttpClient>
  /** Changes with every sign-in and sign-out on this computer. */
  signInMark: () => Promise<string>
}

/** While held, how often it is looked whether that has ended. */
const HELD_LOOK_MS = 60_000
/** A client carries the token it was opened with; one that other programs changed is picked up then. */
const CLIENT_MS = 15 * 60_000

/** Asks one server at a polite pace. `version` grows with every change it sees. */
export class ServerWatch implements Service {
  readonly name: string
  /** 0 until the first answer. */
  version = 0
  private readonly question = new ManifestQuestion()
  private readonly waker = new Waker()
  private client: {http: HttpClient; openedMs: number; mark: string} | undefined
  private answeredMs = -Infinity

  constructor(
    readonly origin: string,
    private readonly deps: WatchDeps,
    /** Called when it changed, went away or came back. */
    private readonly onNews: () => void,
  ) {
    this.name = `watch ${origin}`
  }

  /** Whether it has answered a question that is no older than two intervals. */
  get isRecent(): boolean {
    const {clock, settings} = this.deps
    const {conditionalIntervalMs, intervalMs} = settings()
    const interval = this.status.isConditional ? conditionalIntervalMs : intervalMs
    return clock.monotonicMs() - this.answeredMs < 2 * interval
  }

  /** Asks now, unless held: what was refused may be allowed, and the other way round. */
  wake(): void {
    this.waker.wake()
  }

  async serve(signal: AbortSignal): Promise<void> {
    const {clock} = this.deps
    for (;;) {
      const isHeld = (await this.deps.hold()) !== null
      const waitMs = isHeld ? HELD_LOOK_MS : await this.ask(signal)
      this.status.nextAskAt = new Date(clock.now() + waitMs).toISOString()
      await this.waker.wait(clock, waitMs, signal)
    }
  }

  private get status() {
    return this.deps.board.server(this.origin)
  }

  /** Milliseconds until the next question. */
  private async ask(signal: AbortSignal): Promise<number> {
    const {clock, random, settings} = this.deps
    const {status} = this
    const askedMs = clock.monotonicMs()
    const askedAt = new Date(clock.now()).toISOString()
    status.lastAskedAt = askedAt
    try {
      const answer = await this.question.ask(await this.http(), signal)
      if (answer.isChanged) this.version++
      status.lastAnsweredAt = askedAt
      this.answeredMs = askedMs
      status.requests += answer.requests
      status.isConditional = answer.isConditional
      const isBack = status.error !== null
      status.error = null
      if (answer.isChanged || isBack) this.onNews()
      const {conditionalIntervalMs, intervalMs} = settings()
      return nextDelayMs(answer.isConditional ? conditionalIntervalMs : intervalMs, random.float())
    } catch (error) {
      signal.throwIfAborted()
      status.requests++
      return this.fail(toAgnesError(error))
    }
  }

  private fail(error: AgnesError): number {
    const {clock, random, settings} = this.deps
    const {status} = this
    const since = status.error?.since ?? new Date(clock.now()).toISOString()
    const failures = (status.error?.failures ?? 0) + 1
    status.error = {code: error.code, message: error.message, since, failures}
    if (error instanceof AuthError) this.client = undefined
    const told = error instanceof RateLimitedError || error instanceof ServerError
    if (failures === 1) this.onNews()
    const baseMs = Math.min(settings().conditionalIntervalMs, settings().intervalMs)
    const retryAfterMs = told ? error.retryAfterMs : undefined
    return nextDelayMs(baseMs, random.float(), {failures, retryAfterMs})
  }

  private async http(): Promise<HttpClient> {
    const {clock, openHttp, signInMark} = this.deps
    const nowMs = clock.monotonicMs()
    const mark = await signInMark()
    const {client} = this
    if (client && client.mark === mark && nowMs - client.openedMs <= CLIENT_MS) return client.http
    // Signed out meanwhile: the old token is not sent again.
    this.client = undefined
    const http = await openHttp(this.origin)
    this.client = {http, openedMs: nowMs, mark}
    return http
  }
}
