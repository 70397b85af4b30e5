import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import {pausedText} from '../../lib/present/daemon-text.js'

export interface DaemonResumeResult {
  /** ISO 8601; `resumed` when only `agnes daemon resume` ends it; `null` when it is not paused. */
  pausedUntil: string | null
}

export default class DaemonResume extends BaseCommand<DaemonResumeResult> {
  static override summary = 'End a pause'
  static override examples = ['<%= config.bin %> daemon resume']

  async run(): Promise<DaemonResumeResult> {
    await this.parse(DaemonResume)
    const socket = await this.context.controlSocket()
    const result = await askRunningDaemon(socket, {op: 'resume'}, this.signal)
    await this.present(result, pausedText)
    return result
  }
}
