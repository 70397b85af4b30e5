import {Args} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import type {Finding} from '../../lib/daemon/model.js'
import {decidedText} from '../../lib/present/daemon-text.js'

export interface DaemonApproveResult {
  finding: Finding
}

export default class DaemonApprove extends BaseCommand<DaemonApproveResult> {
  static override summary = 'Let the daemon do what a finding proposes'
  static override examples = ['<%= config.bin %> daemon approve 1f2e3d4c']
  static override args = {
    id: Args.string({
      description: 'Of `agnes daemon findings`; its beginning will do',
      required: true,
    }),
  }

  async run(): Promise<DaemonApproveResult> {
    const {args} = await this.parse(DaemonApprove)
    const socket = await this.context.controlSocket()
    const request = {op: 'decide', id: args.id, decision: 'approved'} as const
    const result = await askRunningDaemon(socket, request, this.signal)
    await this.present(result, decidedText)
    return result
  }
}
