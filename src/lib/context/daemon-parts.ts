import {runtimeDirectory} from '../config/paths.js'
import type {Env} from '../config/env.js'
import type {Clock} from '../ports/clock.js'
import type {ControlSocket} from '../ports/control-socket.js'
import type {Files} from '../ports/files.js'
import type {DaemonAdapters} from './daemon-adapters.js'

/** What talking to the daemon, and being it, takes. */
export interface DaemonParts {
  /** Of this process. */
  readonly processId: number
  /** Where the daemon of this account answers. */
  controlSocket(): Promise<ControlSocket>
  daemonAdapters(): Promise<DaemonAdapters>
}

export function openDaemonParts({
  config,
  clock,
  env,
}: {
  config: Files
  clock: Clock
  env: Env
}): DaemonParts {
  return {
    processId: process.pid,
    async controlSocket() {
      const {unixControlSocket} = await import('../adapters/unix-control-socket.js')
      return unixControlSocket(config.root, runtimeDirectory(env))
    },
    async daemonAdapters() {
      const {openDaemonAdapters} = await import('./daemon-adapters.js')
      return openDaemonAdapters(clock)
    },
  }
}
