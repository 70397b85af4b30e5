import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {askRunningDaemon} from '../../lib/daemon/client/ask-daemon.js'
import type {DaemonAnswers} from '../../lib/daemon/control.js'
import {PartialError} from '../../lib/errors.js'
import {syncNowText} from '../../lib/present/daemon-text.js'

export type DaemonSyncNowResult = DaemonAnswers['sync']

export default class DaemonSyncNow extends BaseCommand<DaemonSyncNowResult> {
  static override summary = 'Have the daemon pull now, whatever the hour'
  static override examples = [
    '<%= config.bin %> daemon sync-now',
    '<%= config.bin %> daemon sync-now --wait --workspace my-workspace',
  ]
  static override flags = {
    wait: Flags.boolean({summary: 'Wait until it is done and say how it ended'}),
    workspace: Flags.string({summary: 'Only this workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<DaemonSyncNowResult> {
    const {flags} = await this.parse(DaemonSyncNow)
    const {context, signal} = this
    const found =
      flags.workspace === undefined ? null : await context.findWorkspace(flags.workspace)
    const request = {
      op: 'sync',
      workspace: found?.root ?? null,
      isWaited: flags.wait === true,
    } as const
    const result = await askRunningDaemon(await context.controlSocket(), request, signal)
    await this.present(result, syncNowText)
    if (result.workspaces.some(({outcome}) => outcome?.kind === 'failed'))
      await this.presentFailure(
        new PartialError('Not every workspace could be refreshed.', {
          hint: 'See why with: agnes daemon status',
        }),
      )
    return result
  }
}
