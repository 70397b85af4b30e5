import {BaseCommand} from '../../lib/base-command.js'
import {openLifecycle} from '../../lib/daemon/client/open-lifecycle.js'
import {startDaemon, stopDaemon, type StartedDaemon} from '../../lib/daemon/client/start-daemon.js'
import {startedDaemonText} from '../../lib/present/daemon-text.js'

export type DaemonRestartResult = StartedDaemon

export default class DaemonRestart extends BaseCommand<DaemonRestartResult> {
  static override summary = 'Stop the daemon, if one runs, and start it again'
  static override examples = ['<%= config.bin %> daemon restart']

  async run(): Promise<DaemonRestartResult> {
    await this.parse(DaemonRestart)
    const lifecycle = await openLifecycle(this.context)
    await stopDaemon(lifecycle, this.signal)
    const result = await startDaemon(lifecycle, this.signal)
    await this.present(result, startedDaemonText)
    return result
  }
}
