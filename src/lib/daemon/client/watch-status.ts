import {AgnesError} from '../../errors.js'
import type {Clock} from '../../ports/clock.js'
import type {ControlSocket} from '../../ports/control-socket.js'
import {askDaemon} from './ask-daemon.js'
import type {DaemonStatus} from '../model.js'

const POLL_MS = 1000

/** What a live view shows at one moment. */
export type StatusFrame<Own> =
  | {kind: 'daemon'; daemon: DaemonStatus}
  /** `why`: the daemon runs but cannot be asked; `null` where none runs. */
  | {kind: 'own'; own: Own; why: string | null}

/**
 * Once a second, until the signal aborts: what the daemon knows, or what the workspace says of itself
 * where there is none. Rejects as `readOwn` does.
 */
export async function watchStatus<Own>(
  deps: {clock: Clock; socket: ControlSocket; readOwn: () => Promise<Own>},
  show: (frame: StatusFrame<Own>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      await show(await readFrame(deps, signal))
      await deps.clock.sleep(POLL_MS, signal)
    }
  } catch (error) {
    // That is how a view ends.
    if (!signal.aborted) throw error
  }
}

async function readFrame<Own>(
  {socket, readOwn}: {socket: ControlSocket; readOwn: () => Promise<Own>},
  signal: AbortSignal,
): Promise<StatusFrame<Own>> {
  let why: string | null = null
  try {
    const daemon = await askDaemon(socket, {op: 'status'}, signal)
    if (daemon) return {kind: 'daemon', daemon}
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AgnesError)) throw error
    why = error.message
  }
  return {kind: 'own', own: await readOwn(), why}
}
