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
const MAX_PENDING = 50_000

export interface AuditTrailDeps {
  store: SystemStore
  state: SystemState
  authenticator: Authenticator
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

/**
 * Who did what, and when a token was last used: collected in memory, written in batches, so that a
 * request never waits for it. A crash loses at most the last two seconds of it.
 */
export class AuditTrail {
  private pending: AuditRow[] = []
  private isScheduled = false

  constructor(private readonly deps: AuditTrailDeps) {
    const {store, clock, logger} = deps
    store
      .pruneAudit(naiveIso(clock.now() - KEEP_MS))
      .catch((error: unknown) => logger.error('audit not pruned', {error: String(error)}))
  }

  record(request: FastifyRequest, status: number): void {
    this.schedule()
    if (!matters(request, status) || this.pending.length >= MAX_PENDING) return
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

  /** Writes what is pending. */
  async flush(): Promise<void> {
    const {store, state, authenticator} = this.deps
    const rows = this.pending
    this.pending = []
    if (rows.length > 0) await store.appendAudit(rows)
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
        if (!signal.aborted) logger.error('audit not written', {error: String(error)})
      })
      .finally(() => {
        this.isScheduled = false
        if (this.pending.length > 0) this.schedule()
      })
  }
}

/** Every change, every refusal, and every reading of data; not the looking around. */
function matters(request: FastifyRequest, status: number): boolean {
  if (request.method !== 'GET') return true
  if (status === 401 || status === 403) return true
  return /^\/api\/(?:sync\/manifest|data\/|v2\/sample\/)/.test(request.url)
}
