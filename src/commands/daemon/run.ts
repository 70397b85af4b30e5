import {BaseCommand} from '../../lib/base-command.js'
import {openDaemon} from '../../lib/daemon/open-daemon.js'
import {runDaemon} from '../../lib/daemon/run-daemon.js'
import {daemonRunningText} from '../../lib/present/daemon-text.js'

export interface DaemonRunResult {
  /** Of the process that ran it. */
  pid: number
}

export default class DaemonRun extends BaseCommand<DaemonRunResult> {
  static override summary = 'Keep every workspace fresh, in the foreground'
  static override description =
    'What `agnes daemon start` starts in the background, and what a service unit runs. One per user; ' +
    'ends with Ctrl-C. What it does is written to its log (agnes daemon logs).'
  static override examples = ['<%= config.bin %> daemon run']

  async run(): Promise<DaemonRunResult> {
    await this.parse(DaemonRun)
    const {err} = this.context.streams
    const onReady = () => void (err.isTty && err.write(daemonRunningText))
    await runDaemon(await openDaemon(this.context, onReady), this.signal)
    return {pid: this.context.processId}
  }
}
