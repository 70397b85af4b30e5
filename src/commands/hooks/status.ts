import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {reportHooks, type HooksReport} from '../../lib/hooks/open-hooks.js'
import {hooksText} from '../../lib/present/hooks-text.js'

/** Every field is described at `HooksReport`. */
export type HooksStatusResult = HooksReport

export default class HooksStatus extends BaseCommand<HooksStatusResult> {
  static override summary = 'Show whether Claude Code runs agnes’ hooks in this workspace'
  static override description =
    'active, disabled by a setting (which one), altered, or absent. Looks at the settings of the workspace, the account and the computer; changes nothing.'
  static override examples = [
    '<%= config.bin %> hooks status',
    '<%= config.bin %> hooks status --json',
  ]
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<HooksStatusResult> {
    const {flags} = await this.parse(HooksStatus)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const {report, failure} = await reportHooks(this.context, root)
    await this.present(report, hooksText)
    if (failure) await this.presentFailure(failure)
    return report
  }
}
