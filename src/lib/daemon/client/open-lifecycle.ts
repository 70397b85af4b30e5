import type {Background} from '../../ports/background.js'
import type {Clock} from '../../ports/clock.js'
import type {ControlSocket} from '../../ports/control-socket.js'
import type {Files} from '../../ports/files.js'
import type {LifecycleDeps} from './start-daemon.js'

/** The part of the composition root that starting and stopping needs. */
export interface LifecycleContext {
  clock: Clock
  config: Files
  version: string
  controlSocket(): Promise<ControlSocket>
  background(): Promise<Background>
}

export async function openLifecycle(context: LifecycleContext): Promise<LifecycleDeps> {
  const {clock, config, version} = context
  return {
    clock,
    config,
    version,
    socket: await context.controlSocket(),
    background: () => context.background(),
  }
}
