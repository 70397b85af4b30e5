import {AgnesError, BusyError} from '../errors.js'
import type {Background} from '../ports/background.js'
import {pull} from '../sync/pull.js'
import type {PullContext} from '../sync/open-pull.js'
import {HANDED_OVER, type PullDeps} from '../sync/pull-run.js'
import {refreshFailure} from './refresh-failure.js'
import type {SessionFacts} from './session-context.js'
import type {StartBudget} from './start-session.js'

/** The part of the composition root that an ordinary pull at the start of a session needs. */
export interface RefreshContext extends PullContext {
  background(): Promise<Background>
  pullDeps(root: string, origin?: string): Promise<PullDeps>
}

export interface RefreshRequest extends StartBudget {
  /** Of the workspace. */
  root: string
  /** Origin of its server. */
  server: string
}

/** An ordinary pull as far as the budget goes; the rest is handed over. Plain values in and out. */
export async function refreshTables(
  context: RefreshContext,
  request: RefreshRequest,
  signal: AbortSignal,
): Promise<SessionFacts['refresh']> {
  try {
    return await pullWithin(context, request, signal)
  } catch (thrown) {
    return refreshFailure(thrown)
  }
}

async function pullWithin(
  context: RefreshContext,
  {root, server, budgetMs, budgetBytes, answerMs}: RefreshRequest,
  signal: AbortSignal,
): Promise<SessionFacts['refresh']> {
  const over = new AbortController()
  const done = new AbortController()
  const handOver = () =>
    new BusyError('The refresh goes on in the background.', {code: HANDED_OVER})
  const limit = (ms: number, isReached: () => boolean) =>
    context.clock
      .sleep(ms, done.signal)
      .then(() => isReached() && over.abort(handOver()))
      // The pull was faster.
      .catch(() => undefined)
  let isPlanned = false
  void limit(Math.min(answerMs, budgetMs), () => !isPlanned)
  void limit(budgetMs, () => true)
  const onPlanned = ({bytes}: {bytes: number}) => {
    isPlanned = true
    if (bytes > budgetBytes) throw handOver()
  }
  const options = {
    command: 'agnes pull',
    tables: [],
    isMaterializedSkipped: false,
    isVerify: false,
    isPlanOnly: false,
    waitMs: 0,
    parallelism: context.env.pullParallelism,
    onProgress: () => {},
    onPlanned,
  }
  try {
    const deps = await context.pullDeps(root, server)
    const {ok} = await pull(deps, options, AbortSignal.any([signal, over.signal]))
    if (ok) return {kind: 'pulled'}
    return {kind: 'failed', code: 'partial', message: 'some tables could not be fetched.'}
  } catch (error) {
    const isOver = error instanceof AgnesError && error.code === HANDED_OVER
    if (!isOver && !over.signal.aborted) throw error
    await (await context.background()).start(['pull', '--quiet', '--workspace', root], root)
    return {kind: 'handed_over'}
  } finally {
    done.abort()
  }
}
