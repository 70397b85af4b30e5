import {BaseCommand} from '../../lib/base-command.js'
import {openLifecycle} from '../../lib/daemon/client/open-lifecycle.js'
import {startDaemon, type StartedDaemon} from '../../lib/daemon/client/start-daemon.js'
import {startedDaemonText} from '../../lib/present/daemon-text.js'

export type DaemonStartResult = StartedDaemon

export default class DaemonStart extends BaseCommand<DaemonStartResult> {
  static override summary = 'Start the daemon that keeps every workspace fresh'
  static override description =
    'One daemon per user keeps all workspaces that `agnes init` made as their servers list them. It ends ' +
    'with the computer; `agnes daemon install` starts it with every sign-in.'
  static override examples = ['<%= config.bin %> daemon start']

  async run(): Promise<DaemonStartResult> {
    await this.parse(DaemonStart)
    const result = await startDaemon(await openLifecycle(this.context), this.signal)
    await this.present(result, startedDaemonText)
    return result
  }
}
