import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import type {Finding} from '../../lib/daemon/model.js'
import {findingsText} from '../../lib/present/daemon-text.js'

export interface DaemonFindingsResult {
  findings: Finding[]
}

export default class DaemonFindings extends BaseCommand<DaemonFindingsResult> {
  static override summary = 'List what the daemon found amiss, and what waits for an approval'
  static override examples = ['<%= config.bin %> daemon findings']

  async run(): Promise<DaemonFindingsResult> {
    await this.parse(DaemonFindings)
    const socket = await this.context.controlSocket()
    const {findings} = await askRunningDaemon(socket, {op: 'status'}, this.signal)
    const result = {findings}
    await this.present(result, findingsText)
    return result
  }
}
