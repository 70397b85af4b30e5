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

export interface AuditTrail {
  record(request: FastifyRequest, status: number): void
  /** Writes what is pending. */
  flush(): Promise<void>
}

/**
 * Who did what, and when a token was last used: collected in memory, written in batches, so that a
 * request never waits for it. A crash loses at most the last two seconds of it.
 */
export function createAuditTrail(deps: {
  store: SystemStore
  state: SystemState
  authenticator: Authenticator
  clock: Clock
  logger: Logger
  signal: AbortSignal
}): AuditTrail {
  const {store, state, clock} = deps
  let pending: AuditRow[] = []
  let isScheduled = false

  const flush = async () => {
    const rows = pending
    pending = []
    if (rows.length > 0) await store.appendAudit(rows)
    const used = deps.authenticator.takeUsedTokens()
    if (used.size === 0) return
    await state.update(() => ({
      changes: [...used].flatMap((id): StateChange[] => {
        const row = state.get('tokens', id)
        return row ? [{put: 'tokens', row}] : []
      }),
      result: undefined,
    }))
  }

  const schedule = () => {
    if (isScheduled || deps.signal.aborted) return
    isScheduled = true
    void clock
      .sleep(FLUSH_AFTER_MS, deps.signal)
      .then(flush)
      .catch((error: unknown) => {
        if (!deps.signal.aborted) deps.logger.error('audit not written', {error: String(error)})
      })
      .finally(() => {
        isScheduled = false
        if (pending.length > 0) schedule()
      })
  }

  void store
    .pruneAudit(naiveIso(clock.now() - KEEP_MS))
    .catch((error: unknown) => deps.logger.error('audit not pruned', {error: String(error)}))

  return {
    record(request, status) {
      schedule()
      if (!matters(request, status) || pending.length >= MAX_PENDING) return
      pending.push({
        at: naiveIso(clock.now()),
        requestId: request.id,
        userId: request.caller?.userId ?? null,
        email: request.caller?.email ?? null,
        ip: request.ip,
        method: request.method,
        path: request.url.split('?', 1)[0] ?? '',
        status,
      })
    },
    flush,
  }
}

/** Every change, every refusal, and every reading of data; not the looking around. */
function matters(request: FastifyRequest, status: number): boolean {
  if (request.method !== 'GET') return true
  if (status === 401 || status === 403) return true
  return /^\/api\/(?:sync\/manifest|data\/)/.test(request.url)
}
