import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {sanitize} from '../lib/present/sanitize.js'
import {updateText} from '../lib/present/update-text.js'
import {openUpdate} from '../lib/update/open-update.js'
import {updateWorkspace, type UpdateReport} from '../lib/update/update-workspace.js'

/** Every field is described at `UpdateReport`. */
export type UpdateResult = UpdateReport

export default class Update extends BaseCommand<UpdateResult> {
  static override summary =
    'Bring everything in this workspace up to date, and mend what is not as it should be'
  static override description =
    'Hooks and status line, our block in CLAUDE.md and the slash commands, tables and company notes, ' +
    'transcripts: each is looked at, whatever became of the others, and only what differs is touched. ' +
    'Exit code 12: something failed, or with --check, something is due.'
  static override examples = [
    '<%= config.bin %> update',
    '<%= config.bin %> update --check',
    '<%= config.bin %> update --json',
  ]
  static override flags = {
    check: Flags.boolean({summary: 'Say what would be done; change and send nothing'}),
    quiet: Flags.boolean({summary: 'Say nothing but errors'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<UpdateResult> {
    const {flags} = await this.parse(Update)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const deps = await openUpdate(this.context, root, sanitize)
    const {report, failure} = await updateWorkspace(
      deps,
      {isCheck: Boolean(flags.check)},
      this.signal,
    )
    if (!flags.quiet) await this.present(report, updateText)
    if (failure) await this.presentFailure(failure)
    return report
  }
}
