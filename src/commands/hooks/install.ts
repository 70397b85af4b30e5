import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {reportHooks, type HooksReport} from '../../lib/hooks/open-hooks.js'
import {hooksText} from '../../lib/present/hooks-text.js'

/** Every field is described at `HooksReport`. */
export type HooksInstallResult = HooksReport

export default class HooksInstall extends BaseCommand<HooksInstallResult> {
  static override summary = 'Put agnes’ hooks into this workspace’s Claude Code settings'
  static override description =
    'Sessions then start on fresh tables and end with their transcript sent. Only .claude/settings.json of the workspace is edited, only our entries in it, and a backup is kept; older layouts of ours are replaced. A file that is not valid JSON is left alone.'
  static override examples = [
    '<%= config.bin %> hooks install',
    '<%= config.bin %> hooks install --json',
  ]
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<HooksInstallResult> {
    const {flags} = await this.parse(HooksInstall)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const {report, failure} = await reportHooks(this.context, root, 'install')
    await this.present(report, hooksText)
    if (failure) await this.presentFailure(failure)
    return report
  }
}
