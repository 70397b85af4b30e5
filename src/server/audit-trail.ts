import type {FastifyRequest} from 'fastify'
import type {Clock} from '../lib/ports/clock.js'
import type {Logger} from '../lib/ports/logger.js'
import type {Authenticator} from './auth/authenticate.js'
import type {AuditRow, StateChange} from './state/rows.js'
import type {SystemState} from './state/system-state.js'
import type {SystemStore} from './state/system-store.js'
import {naiveIso} from './times.js'

const FLUSH_AFTER_MS = 2000
const KEEP_MS = 90 * 24 * 3600 * 1000
const MAX_HELD = 50_000

export interface AuditTrailDeps {
  store: Pick<SystemStore, 'appendAudit' | 'pruneAudit'>
  state: SystemState
  authenticator: Authenticator
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** From this many unwritten entries on, requests wait for the disk. */
  maxHeld?: number
}

/** What of a request is written down. */
export type AuditedRequest = Pick<
  FastifyRequest,
  'id' | 'method' | 'url' | 'ip' | 'caller' | 'changed'
>

/**
 * Who did what, and when a token was last used: collected in memory and written in batches, so that a
 * request does not wait for it, until too much is unwritten: then it does (`room`). Nothing is left out.
 * A crash loses at most the last two seconds of it.
 */
export class AuditTrail {
  private pending: AuditRow[] = []
  private writing = 0
  private isScheduled = false
  private flushing: Promise<void> = Promise.resolve()
  /** Let in by nobody, so there is nothing to tell of them; else their entries would grow for ever. */
  private readonly refused = new WeakSet<AuditedRequest>()

  constructor(private readonly deps: AuditTrailDeps) {
    const {store, clock, logger} = deps
    store
      .pruneAudit(naiveIso(clock.now() - KEEP_MS))
      .catch((error: unknown) => logger.error('audit not pruned', {error: String(error)}))
  }

  /** Whether a request has to wait for `room` before it is let in. */
  get isFull(): boolean {
    return this.pending.length + this.writing >= (this.deps.maxHeld ?? MAX_HELD)
  }

  /** Resolves when there is room for one more; rejects when entries cannot be written. */
  async room(request: AuditedRequest): Promise<void> {
    try {
      while (this.isFull) await this.flush()
    } catch (error) {
      this.refused.add(request)
      throw error
    }
  }

  record(request: AuditedRequest, status: number): void {
    this.schedule()
    if (this.refused.has(request) || !matters(request, status)) return
    this.pending.push({
      at: naiveIso(this.deps.clock.now()),
      requestId: request.id,
      userId: request.caller?.userId ?? null,
      email: request.caller?.email ?? null,
      ip: request.ip,
      method: request.method,
      path: request.url.split('?', 1)[0] ?? '',
      status,
      detail: request.changed ?? null,
    })
  }

  /** Writes what is pending. What cannot be written stays pending, and the promise rejects. */
  flush(): Promise<void> {
    this.flushing = this.flushing.catch(() => undefined).then(() => this.write())
    return this.flushing
  }

  /** Writes what is pending; says how much is lost where that fails, since nobody can try again. */
  async close(): Promise<void> {
    try {
      await this.flush()
    } catch (error) {
      const {length: lost} = this.pending
      this.deps.logger.error('audit lost', {entries: lost, error: String(error)})
    }
  }

  private async write(): Promise<void> {
    const {store, state, authenticator} = this.deps
    const rows = this.pending
    this.pending = []
    this.writing = rows.length
    try {
      if (rows.length > 0) await store.appendAudit(rows)
    } catch (error) {
      // A disk that is full now may not be so later: nobody's doings are forgotten meanwhile.
      this.pending = [...rows, ...this.pending]
      throw error
    } finally {
      this.writing = 0
    }
    const used = authenticator.takeUsedTokens()
    if (used.size === 0) return
    await state.update(() => ({
      changes: [...used].flatMap((id): StateChange[] => {
        const row = state.get('tokens', id)
        return row ? [{put: 'tokens', row}] : []
      }),
      result: undefined,
    }))
  }

  private schedule(): void {
    const {clock, logger, signal} = this.deps
    if (this.isScheduled || signal.aborted) return
    this.isScheduled = true
    void clock
      .sleep(FLUSH_AFTER_MS, signal)
      .then(() => this.flush())
      .catch((error: unknown) => {
        if (signal.aborted) return
        const {length: waiting} = this.pending
        logger.error('audit not written', {entries: waiting, error: String(error)})
      })
      .finally(() => {
        this.isScheduled = false
        if (this.pending.length > 0) this.schedule()
      })
  }
}

/** Every change, every refusal, and every reading of data; not the looking around. */
function matters(request: AuditedRequest, status: number): boolean {
  if (request.method !== 'GET') return true
  if (status === 401 || status === 403) return true
  return /^\/api\/(?:sync\/manifest|data\/|v2\/sample\/)/.test(request.url)
}
