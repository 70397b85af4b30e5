/**
 * The start of a Claude Code session. Vocabulary: the *quick check* finds out with two conditional
 * requests that nothing is to do; the *budget* is what a refresh may take while the session waits; what
 * goes beyond it is *handed over* to a process of its own, which takes the same lock. Nothing here throws
 * at the session: whatever happens is a fact for the *context*, or not worth telling.
 */
import {AgnesError, BusyError, toAgnesError, UnreachableError} from '../errors.js'
import type {Background} from '../ports/background.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/lock.js'
import type {Probe} from '../ports/probe.js'
import {HANDED_OVER} from '../sync/pull-run.js'
import {readLastPull} from './last-pull.js'
import {isStillUpToDate} from './quick-check.js'
import {sessionContext, type SessionFacts} from './session-context.js'
import {takeTableNews} from './told-tables.js'

export interface StartDeps {
  files: Files
  clock: Clock
  /** The pull lock. */
  lock: Lock
  /** Origin of the workspace's server. */
  server: string
  probe: () => Promise<Probe>
  /** An ordinary pull that waits for nobody; `onPlanned` may end it. */
  pull: (onPlanned: (plan: {bytes: number}) => void, signal: AbortSignal) => Promise<{ok: boolean}>
  background: () => Promise<Background>
  /** ISO 8601, of the stored token; `null` where it does not say. */
  tokenExpiresAt: () => Promise<string | null>
  /** Whether transcripts wait to be sent, and why the last push failed. */
  pushState: () => Promise<{isDue: boolean; failure: string | null}>
}

export interface StartOptions {
  /** All of the foreground part. */
  budgetMs: number
  budgetBytes: number
  staleAfterMs: number
  /** Less than this until the token ends is told. */
  renewMs: number
}

/** How long the server may take to say what is new before the session goes on without it. */
const ANSWER_MS = 1500
/** Sessions of other windows that are still going on are theirs to send. */
const IDLE_MINUTES = '15'

/** Refreshes as far as the budget goes. The answer is the text for the session, `null` for none. */
export async function startSession(
  deps: StartDeps,
  options: StartOptions,
  signal: AbortSignal,
): Promise<string | null> {
  const refresh = await refreshTables(deps, options, signal)
  const push = await deps.pushState()
  if (push.isDue) await startInBackground(deps, ['push', '--quiet', '--idle', IDLE_MINUTES])
  const [last, news, expiresAt] = await Promise.all([
    readLastPull(deps.files),
    takeTableNews(deps.files),
    deps.tokenExpiresAt(),
  ])
  const now = deps.clock.now()
  return sessionContext({
    refresh,
    ageMs: last?.lastSuccessAt ? now - Date.parse(last.lastSuccessAt) : null,
    staleAfterMs: options.staleAfterMs,
    renewMs: options.renewMs,
    news,
    tokenLeftMs: expiresAt === null ? null : Date.parse(expiresAt) - now,
    pushFailure: push.failure,
  })
}

async function refreshTables(
  deps: StartDeps,
  options: StartOptions,
  signal: AbortSignal,
): Promise<SessionFacts['refresh']> {
  try {
    if (await isStillUpToDate(deps, await readLastPull(deps.files), signal))
      return {kind: 'unchanged'}
    return await pullWithin(deps, options, signal)
  } catch (thrown) {
    const error = toAgnesError(thrown)
    if (error instanceof BusyError) return {kind: 'running'}
    if (error instanceof UnreachableError) return {kind: 'offline'}
    return {kind: 'failed', code: error.code, message: error.message}
  }
}

async function pullWithin(
  deps: StartDeps,
  {budgetMs, budgetBytes}: StartOptions,
  signal: AbortSignal,
): Promise<SessionFacts['refresh']> {
  const over = new AbortController()
  const done = new AbortController()
  const handOver = () =>
    new BusyError('The refresh goes on in the background.', {code: HANDED_OVER})
  const limit = (ms: number, isReached: () => boolean) =>
    deps.clock
      .sleep(ms, done.signal)
      .then(() => isReached() && over.abort(handOver()))
      // The pull was faster.
      .catch(() => undefined)
  let isPlanned = false
  void limit(Math.min(ANSWER_MS, budgetMs), () => !isPlanned)
  void limit(budgetMs, () => true)
  const onPlanned = ({bytes}: {bytes: number}) => {
    isPlanned = true
    if (bytes > budgetBytes) throw handOver()
  }
  try {
    const {ok} = await deps.pull(onPlanned, AbortSignal.any([signal, over.signal]))
    if (ok) return {kind: 'pulled'}
    return {kind: 'failed', code: 'partial', message: 'some tables could not be fetched.'}
  } catch (error) {
    const isOver = error instanceof AgnesError && error.code === HANDED_OVER
    if (!isOver && !over.signal.aborted) throw error
    await startInBackground(deps, ['pull', '--quiet'])
    return {kind: 'handed_over'}
  } finally {
    done.abort()
  }
}

async function startInBackground({files, background}: StartDeps, verb: string[]): Promise<void> {
  const {root} = files
  await (await background()).start([...verb, '--workspace', root], root)
}
