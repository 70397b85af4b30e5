/**
 * The start of a Claude Code session. Vocabulary: the *quick check* finds out with two small requests
 * that nothing is to do; the *budget* is what a refresh may take while the session waits; what goes beyond
 * it is *handed over* to a process of its own, which takes the same lock. Nothing here throws at the
 * session: whatever happens is a fact for the *context*, or not worth telling.
 */
import type {Background} from '../ports/background.js'
import type {DaemonWord} from './daemon-word.js'
import {readLastPull} from './last-pull.js'
import {checkOnWord, quickCheck, type QuickCheckDeps} from './quick-check.js'
import {refreshFailure} from './refresh-failure.js'
import {sessionContext, type SessionFacts} from './session-context.js'
import {takeTableNews} from './told-tables.js'

export interface StartDeps extends QuickCheckDeps {
  /** An ordinary pull as far as the budget goes, the rest handed over. Never rejects but by abort. */
  refresh: (budget: StartBudget, signal: AbortSignal) => Promise<SessionFacts['refresh']>
  background: () => Promise<Background>
  /** What the daemon knows, where one runs. Never rejects but by abort. */
  askDaemon?: (signal: AbortSignal) => Promise<DaemonWord>
  /** ISO 8601, of the stored token; `null` where it does not say. */
  tokenExpiresAt: () => Promise<string | null>
  /** Whether transcripts wait to be sent, and why the last push failed. */
  pushState: () => Promise<{isDue: boolean; failure: string | null}>
}

export interface StartBudget {
  /** All of the foreground part. */
  budgetMs: number
  budgetBytes: number
  /** How long the server may take to say what is new, where it is not known that nothing is missing. */
  answerMs: number
}

export interface StartOptions {
  budgetMs: number
  budgetBytes: number
  /** How long the server may take to say that nothing is new. */
  quickMs: number
  staleAfterMs: number
  /** Less than this until the token ends is told. */
  renewMs: number
}

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
  {quickMs, budgetMs, budgetBytes}: StartOptions,
  signal: AbortSignal,
): Promise<SessionFacts['refresh']> {
  try {
    const [last, word] = await Promise.all([readLastPull(deps.files), deps.askDaemon?.(signal)])
    if (word?.kind === 'pulling') return {kind: 'running'}
    const isKnown =
      word?.server === deps.server && (await checkOnWord(deps, last, word.at)) === 'same'
    const answer = isKnown ? 'same' : await quickCheck(deps, last, {answerMs: quickMs}, signal)
    if (answer === 'same') return {kind: 'unchanged'}
    if (answer === 'offline') return {kind: 'offline'}
    if (answer === 'unsure')
      return await deps.refresh({budgetMs, budgetBytes, answerMs: answerMs(quickMs)}, signal)
    await startInBackground(deps, ['pull', '--quiet'])
    return {kind: 'handed_over'}
  } catch (error) {
    return refreshFailure(error)
  }
}

/** Whoever gives the server longer for the small question gives it no less for the whole list. */
function answerMs(quickMs: number): number {
  return Math.max(ANSWER_MS, quickMs)
}

async function startInBackground({files, background}: StartDeps, verb: string[]): Promise<void> {
  const {root} = files
  await (await background()).start([...verb, '--workspace', root], root)
}
