import {BaseCommand} from '../../lib/base-command.js'
import {askDaemon} from '../../lib/daemon/client/ask-daemon.js'
import type {DaemonStatus} from '../../lib/daemon/model.js'
import {daemonStatusText} from '../../lib/present/daemon-text.js'

export interface DaemonStatusResult {
  isRunning: boolean
  /** `null` when it does not run. */
  daemon: DaemonStatus | null
}

export default class DaemonStatusCommand extends BaseCommand<DaemonStatusResult> {
  static override summary = 'Show what the daemon keeps, what it is doing and what it found'
  static override examples = [
    '<%= config.bin %> daemon status',
    '<%= config.bin %> daemon status --json',
  ]

  async run(): Promise<DaemonStatusResult> {
    await this.parse(DaemonStatusCommand)
    const socket = await this.context.controlSocket()
    const daemon = (await askDaemon(socket, {op: 'status'}, this.signal)) ?? null
    const result = {isRunning: daemon !== null, daemon}
    await this.present(result, daemonStatusText)
    return result
  }
}
