import {BaseCommand} from '../../lib/base-command.js'
import {openLifecycle} from '../../lib/daemon/client/open-lifecycle.js'
import {stopDaemon} from '../../lib/daemon/client/start-daemon.js'
import {stoppedDaemonText} from '../../lib/present/daemon-text.js'

export interface DaemonStopResult {
  /** Of the process that was stopped; `null` when none ran. */
  pid: number | null
}

export default class DaemonStop extends BaseCommand<DaemonStopResult> {
  static override summary = 'Stop the daemon; a transfer under way is taken up by the next pull'
  static override examples = ['<%= config.bin %> daemon stop']

  async run(): Promise<DaemonStopResult> {
    await this.parse(DaemonStop)
    const stopped = await stopDaemon(await openLifecycle(this.context), this.signal)
    const result = {pid: stopped?.pid ?? null}
    await this.present(result, stoppedDaemonText)
    return result
  }
}
