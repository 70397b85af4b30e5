import type {Readable} from 'node:stream'
import type {Env} from '../config/env.js'
import type {Clock} from '../ports/clock.js'

/** What Claude Code says to a hook on stdin; each field is absent where it does not say. */
export interface HookInput {
  event?: string
  sessionId?: string
  cwd?: string
  /** Only with a status line. */
  project?: string
}

/** Claude Code writes before it starts the hook: what is not there by now will not come. */
const WAIT_MS = 60
const MAX_CHARACTERS = 1 << 20

/**
 * The hook this process is, `undefined` when it is none. Claude Code gives `CLAUDE_PROJECT_DIR` to hooks
 * (its shell tool gets `CLAUDECODE` instead) and an object with `hook_event_name` on stdin. Either one is
 * enough, because stdin arrives empty on some systems.
 */
export async function readHookInput(
  {
    env,
    clock,
    stdin,
    isStatusLine,
  }: {
    env: Env
    clock: Clock
    stdin: Readable & {isTTY?: boolean}
    /** Told without an event's name. */
    isStatusLine?: boolean
  },
  signal?: AbortSignal,
): Promise<HookInput | undefined> {
  const said = stdin.isTTY ? undefined : parse(await textOf(stdin, clock, signal))
  if (isStatusLine) return said
  const isHook = env.claudeProjectDir !== undefined && !env.isClaudeShell
  return said?.event !== undefined ? said : isHook ? (said ?? {}) : undefined
}

/** Until it is one JSON document, ends, or the time is over: a stdin that never closes holds nobody up. */
async function textOf(
  stdin: Readable & {unref?: () => void},
  clock: Clock,
  signal?: AbortSignal,
): Promise<string> {
  // Read before, as no hook's: nothing more will come.
  if (stdin.destroyed) return ''
  const stop = new AbortController()
  const signals = signal ? [signal, stop.signal] : [stop.signal]
  let text = ''
  const arrived = new Promise<void>((resolve) => {
    stdin.setEncoding('utf8')
    stdin.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_CHARACTERS || parse(text)) resolve()
    })
    stdin.on('end', resolve).on('error', resolve).on('close', resolve)
  })
  const ended = AbortSignal.any(signals)
  const late = clock
    .sleep(WAIT_MS, ended)
    // A process that was held up all that time first reads what has come meanwhile.
    .then(() => clock.sleep(1, ended))
    .catch(() => undefined)
  await Promise.race([arrived, late])
  stop.abort()
  stdin.pause()
  stdin.destroy()
  return text
}

function parse(text: string): HookInput | undefined {
  try {
    const document: unknown = JSON.parse(text)
    if (typeof document !== 'object' || document === null) return undefined
    const said = document as Record<string, unknown>
    const {hook_event_name: event, session_id: sessionId, cwd} = said
    const {project_dir: project} = (said.workspace ?? {}) as Record<string, unknown>
    return {
      ...(typeof event === 'string' ? {event} : {}),
      ...(typeof sessionId === 'string' ? {sessionId} : {}),
      ...(typeof cwd === 'string' ? {cwd} : {}),
      ...(typeof project === 'string' ? {project} : {}),
    }
  } catch {
    // Not whole yet, or not for us.
    return undefined
  }
}
