import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {reportHooks, type HooksReport} from '../../lib/hooks/open-hooks.js'
import {hooksText} from '../../lib/present/hooks-text.js'

/** Every field is described at `HooksReport`. */
export type HooksRemoveResult = HooksReport

export default class HooksRemove extends BaseCommand<HooksRemoveResult> {
  static override summary = 'Take agnes’ hooks out of this workspace’s Claude Code settings'
  static override description =
    'Removes our entries and our status line in whatever layout they are; everything else stays as it is.'
  static override examples = [
    '<%= config.bin %> hooks remove',
    '<%= config.bin %> hooks remove --json',
  ]
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<HooksRemoveResult> {
    const {flags} = await this.parse(HooksRemove)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const {report, failure} = await reportHooks(this.context, root, 'remove')
    await this.present(report, hooksText)
    if (failure) await this.presentFailure(failure)
    return report
  }
}
