import {createHookContext} from './context/hook-context.js'
import {tokenExpiry} from './credentials/token-expiry.js'
import {InterruptedError} from './errors.js'
import type {Streams} from './ports/streams.js'
import {errorText} from './present/error-text.js'
import {upToDateText} from './present/pull-text.js'
import type {StartContext} from './session-start/open-start.js'
import {readLastPull} from './session-start/last-pull.js'
import {quickCheck} from './session-start/quick-check.js'
import {hasTemporaries} from './sync/sweep-temporaries.js'
import type {FoundWorkspace} from './workspace/find-workspace.js'
import {readWorkspaceServer} from './workspace/workspace-marker.js'

/** A server that needs longer than this for two small answers is asked again by the ordinary pull. */
const ANSWER_MS = 2000
const DAY_MS = 86_400_000

/** What is asked of the composition root. */
export interface PullContext extends Pick<
  StartContext,
  'env' | 'clock' | 'filesAt' | 'serverOrigin' | 'secrets' | 'probe' | 'pullLock'
> {
  streams: Streams
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
  /** Returns what takes the listener off again. */
  onSignal(tell: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
  setExitCode(code: number): void
  exit(code: number): never
}

/**
 * The fast path of `agnes pull`: with nothing to do it says so, without what it takes to do something.
 * False where only the command can tell: other words, anything to fetch, remove, mend, sweep or warn of,
 * and whatever goes wrong.
 */
export async function answerPull(
  argv: readonly string[],
  context: PullContext = createHookContext(),
  answerMs = ANSWER_MS,
): Promise<boolean> {
  const isQuiet = argv[0] === '--quiet'
  if (argv.length > (isQuiet ? 1 : 0) || context.env.debug) return false
  const startedMs = context.clock.monotonicMs()
  const stop = new AbortController()
  let stopped: InterruptedError | undefined
  const off = context.onSignal((signal) => {
    if (stopped) context.exit(stopped.exitCode)
    stopped = new InterruptedError(signal)
    stop.abort(stopped)
  })
  try {
    const text = await unchangedText(context, {isQuiet, startedMs, answerMs}, stop.signal).catch(
      () => null,
    )
    // Whatever went wrong, the command meets it too and says what helps.
    if (stopped) return await tellStop(stopped, context)
    if (text === null) return false
    if (!isQuiet) await context.streams.out.write(`${text}\n`)
    return true
  } finally {
    off()
  }
}

/** `null` unless all here is as the last complete pull left it and the server has nothing new. */
async function unchangedText(
  context: PullContext,
  {isQuiet, startedMs, answerMs}: {isQuiet: boolean; startedMs: number; answerMs: number},
  signal: AbortSignal,
): Promise<string | null> {
  const {clock, streams} = context
  const {root} = await context.findWorkspace(undefined)
  const files = context.filesAt(root)
  const last = await readLastPull(files)
  const told = last?.settled?.told
  if (!told || (await hasTemporaries(files))) return null
  const server = await context.serverOrigin(await readWorkspaceServer(files))
  const deps = {
    ...{files, server, clock, lock: context.pullLock(root)},
    probe: () => context.probe(server),
  }
  const options = {answerMs, leavesOffline: true}
  const [answer, isToBeRenewed] = await Promise.all([
    quickCheck(deps, last, options, signal),
    isQuiet ? false : endsSoon(context, server),
  ])
  if (answer !== 'same' || isToBeRenewed) return null
  if (isQuiet) return ''
  const durationMs = clock.monotonicMs() - startedMs
  return upToDateText({...told, workspace: root, server, durationMs}, streams.out)
}

/** Then the command tells it. */
async function endsSoon(context: PullContext, server: string): Promise<boolean> {
  const expiresAt = await tokenExpiry(context, server)
  const leftMs = expiresAt === null ? Infinity : Date.parse(expiresAt) - context.clock.now()
  return leftMs <= context.env.renewDays * DAY_MS
}

async function tellStop(
  stopped: InterruptedError,
  {streams, env, setExitCode}: PullContext,
): Promise<true> {
  setExitCode(stopped.exitCode)
  await streams.err.write(errorText(stopped, streams.err, env.debug))
  return true
}
