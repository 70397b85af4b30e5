import {BusyError, UnexpectedError, UnreachableError} from '../../errors.js'
import type {Background} from '../../ports/background.js'
import type {Clock} from '../../ports/clock.js'
import type {ControlSocket} from '../../ports/control-socket.js'
import type {Files} from '../../ports/files.js'
import {askDaemon} from './ask-daemon.js'

export interface LifecycleDeps {
  clock: Clock
  config: Files
  socket: ControlSocket
  background: () => Promise<Background>
  version: string
}

export interface StartedDaemon {
  /** `replaced`: one of another version was stopped first. */
  outcome: 'started' | 'already_running' | 'replaced'
  pid: number
  version: string
}

const POLL_MS = 50
const START_MS = 30_000
const GIVEN_WAY_MS = 3000
const START_LOG = 'logs/daemon-start.log'
const STOP_MS = 30_000

/** Starts the daemon in the background and waits until it answers. */
export async function startDaemon(
  deps: LifecycleDeps,
  signal: AbortSignal,
): Promise<StartedDaemon> {
  const running = await askDaemon(deps.socket, {op: 'status'}, signal)
  if (running?.version === deps.version)
    return {outcome: 'already_running', pid: running.pid, version: running.version}
  if (running) await stopDaemon(deps, signal)
  const {config, clock} = deps
  const saidBefore = (await startLogOf(config)).length
  const background = await deps.background()
  const started = await background.start(['daemon', 'run'], config.root, config.absolute(START_LOG))
  let deadline = clock.monotonicMs() + START_MS
  let hasEnded = false
  while (clock.monotonicMs() < deadline) {
    const status = await askDaemon(deps.socket, {op: 'status'}, signal).catch(notYet)
    if (status)
      return {
        outcome: running ? 'replaced' : 'started',
        pid: status.pid,
        version: status.version,
      }
    if (!hasEnded && started.hasEnded()) {
      hasEnded = true
      // It may have given way to another one that is just coming up.
      deadline = Math.min(deadline, clock.monotonicMs() + GIVEN_WAY_MS)
    }
    await clock.sleep(POLL_MS, signal)
  }
  if (hasEnded) throw endedError((await startLogOf(config)).slice(saidBefore))
  throw new UnexpectedError('The daemon was started but does not answer.', {
    code: 'daemon_not_ready',
    hint: 'See why with `agnes daemon logs`, or run it in the foreground: agnes daemon run',
  })
}

async function startLogOf(config: Files): Promise<string> {
  return (await config.readText(START_LOG)) ?? ''
}

/** @param said what it printed before its end: an error and its next step, where it is one of ours */
function endedError(said: string): UnexpectedError {
  const [, why] = /^Error: (.+)$/m.exec(said) ?? []
  const [, hint] = /^Next: (.+)$/m.exec(said) ?? []
  return new UnexpectedError(`The daemon ended at once${why ? `: ${why}` : '.'}`, {
    code: 'daemon_ended',
    hint: hint ?? 'Run it in the foreground to see why: agnes daemon run',
  })
}

/** Until the time is over: one that has just begun, on a busy computer, or one that is just ending. */
function notYet(error: unknown): undefined {
  if (!(error instanceof UnreachableError)) throw error
}

/** Asks the daemon to stop and waits for its end; `null` when none runs. */
export async function stopDaemon(
  {socket, clock}: Pick<LifecycleDeps, 'socket' | 'clock'>,
  signal: AbortSignal,
): Promise<{pid: number} | null> {
  const asked = await askDaemon(socket, {op: 'stop'}, signal)
  if (!asked) return null
  const deadline = clock.monotonicMs() + STOP_MS
  while (await askDaemon(socket, {op: 'status'}, signal).catch(() => 'closing' as const)) {
    if (clock.monotonicMs() >= deadline)
      throw new BusyError(`The daemon (process ${asked.pid}) is still finishing a transfer.`, {
        code: 'daemon_stopping',
        hint: 'It ends by itself. See what it does with: agnes daemon logs',
      })
    await clock.sleep(POLL_MS, signal)
  }
  return asked
}
