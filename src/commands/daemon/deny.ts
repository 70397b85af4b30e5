import {Args} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import type {Finding} from '../../lib/daemon/model.js'
import {decidedText} from '../../lib/present/daemon-text.js'

export interface DaemonDenyResult {
  finding: Finding
}

export default class DaemonDeny extends BaseCommand<DaemonDenyResult> {
  static override summary = 'Leave a finding alone until it goes by itself'
  static override examples = ['<%= config.bin %> daemon deny 1f2e3d4c']
  static override args = {
    id: Args.string({
      description: 'Of `agnes daemon findings`; its beginning will do',
      required: true,
    }),
  }

  async run(): Promise<DaemonDenyResult> {
    const {args} = await this.parse(DaemonDeny)
    const socket = await this.context.controlSocket()
    const request = {op: 'decide', id: args.id, decision: 'denied'} as const
    const result = await askRunningDaemon(socket, request, this.signal)
    await this.present(result, decidedText)
    return result
  }
}
