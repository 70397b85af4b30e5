import {createHookContext} from './context/hook-context.js'
import {MissingError} from './errors.js'
import type {Logger} from './ports/logger.js'
import {readHookInput, type HookInput} from './session-start/hook-input.js'
import {openStart, type StartContext} from './session-start/open-start.js'
import {startSession as start} from './session-start/start-session.js'
import {openStatusLine, type StatusLineContext} from './statusline/open-status-line.js'
import type {FoundWorkspace} from './workspace/find-workspace.js'

/** What both composition roots give a hook. */
interface HookContext extends StartContext, StatusLineContext {
  filesAt: StartContext['filesAt']
  logger: Logger
  findWorkspace(flag: string | undefined): Promise<FoundWorkspace>
}

export type HookVerb = 'pull' | 'push'

/**
 * `agnes pull --quiet` and `agnes push --quiet` as Claude Code's hooks. False when this is no hook: then
 * the command runs as a person's. A hook never fails a session: it ends with 0 and says what matters in
 * the form its client reads, or nothing.
 */
export async function runAsHook(
  context: HookContext,
  {verb, workspace}: {verb: HookVerb; workspace: string | undefined},
  signal: AbortSignal,
): Promise<boolean> {
  const {env, clock, streams} = context
  const input = await readHookInput({env, clock, stdin: streams.in}, signal)
  if (!input) return false
  try {
    const root = await rootOf(context, input, workspace)
    if (root === undefined) return true
    if (verb === 'push') await endSession(context, root, input)
    else await startSession(context, {root, input}, signal)
  } catch (error) {
    context.logger.error('hook.failed', {verb, error: String(error)})
  }
  return true
}

/** The fast path of `main`: false where the line is not a hook's after all. */
export async function answerHook(verb: HookVerb | 'statusline'): Promise<boolean> {
  const context = createHookContext()
  if (verb === 'statusline') return answerStatusLine(context)
  return runAsHook(context, {verb, workspace: undefined}, new AbortController().signal)
}

/** Whether a command line can be a hook's: `--quiet`, a workspace perhaps, and nothing else. */
export function isHookLine(flags: Readonly<Record<string, unknown>>, isJson: boolean): boolean {
  const isSet = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
  const others = Object.entries(flags).filter(([, value]) => isSet(value))
  return !isJson && flags.quiet === true && others.every(([name]) => HOOK_FLAGS.has(name))
}

const HOOK_FLAGS = new Set(['quiet', 'workspace'])

/** The project the hook belongs to, whatever folder the session has gone to since; never another one. */
async function rootOf(
  {env, findWorkspace, isWorkspace}: HookContext,
  {cwd}: HookInput,
  flag: string | undefined,
): Promise<string | undefined> {
  const project = env.claudeProjectDir ?? cwd
  if (flag === undefined && env.localDir === undefined && project && (await isWorkspace(project)))
    return project
  try {
    const {root, source} = await findWorkspace(flag)
    return source === 'registered' ? undefined : root
  } catch (error) {
    if (error instanceof MissingError) return undefined
    throw error
  }
}

async function answerStatusLine(context: HookContext): Promise<boolean> {
  const {text} = await openStatusLine(context).catch(unlessMissing)
  if (text !== '') await context.streams.out.write(`${text}\n`)
  return true
}

/** In a folder that is gone there is nothing to show. */
function unlessMissing(error: unknown): {text: string} {
  if (error instanceof MissingError) return {text: ''}
  throw error
}

/** Sending takes longer than Claude Code waits for a session that ends. */
async function endSession(context: HookContext, root: string, input: HookInput): Promise<void> {
  const session = input.sessionId === undefined ? [] : ['--session', input.sessionId]
  const background = await context.background()
  await background.start(['push', '--quiet', ...session, '--workspace', root], root)
}

async function startSession(
  context: HookContext,
  {root, input}: {root: string; input: HookInput},
  signal: AbortSignal,
): Promise<void> {
  const {env, streams} = context
  const options = {
    budgetMs: env.hookBudgetMs,
    budgetBytes: env.hookBudgetBytes,
    quickMs: env.hookAnswerMs,
    staleAfterMs: env.staleAfterMs,
    renewMs: env.renewDays * 86_400_000,
  }
  const additionalContext = await start(await openStart(context, root), options, signal)
  if (additionalContext === null) return
  const hookEventName = input.event ?? 'SessionStart'
  const answer = {hookSpecificOutput: {hookEventName, additionalContext}}
  await streams.out.write(`${JSON.stringify(answer)}\n`)
}
