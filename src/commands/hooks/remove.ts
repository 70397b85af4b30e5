import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {reportHooks, type HooksReport} from '../../lib/hooks/open-hooks.js'
import {removeTextsAt, type RemovedText} from '../../lib/workspace/install-texts.js'
import {hooksText, removedTextsText} from '../../lib/present/hooks-text.js'

/** Every field is described at `HooksReport`. */
export interface HooksRemoveResult extends HooksReport {
  /** With `--texts`: what became of our block in CLAUDE.md and of the slash commands; else empty. */
  texts: RemovedText[]
}

export default class HooksRemove extends BaseCommand<HooksRemoveResult> {
  static override summary = 'Take agnes’ hooks out of this workspace’s Claude Code settings'
  static override description =
    'Removes our entries and our status line in whatever layout they are; everything else stays as it is. ' +
    'With --texts, our block in CLAUDE.md and our slash commands go as well; what you edited stays.'
  static override examples = [
    '<%= config.bin %> hooks remove',
    '<%= config.bin %> hooks remove --texts',
    '<%= config.bin %> hooks remove --json',
  ]
  static override flags = {
    texts: Flags.boolean({
      summary: 'Take out our block in CLAUDE.md and our slash commands as well',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<HooksRemoveResult> {
    const {flags} = await this.parse(HooksRemove)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const {report, failure} = await reportHooks(this.context, root, 'remove')
    const texts = flags.texts ? await removeTextsAt(this.context, root) : []
    const result = {...report, texts}
    await this.present(result, (shown, terminal) =>
      [hooksText(shown, terminal), ...removedTextsText(shown.texts, terminal)].join('\n'),
    )
    if (failure) await this.presentFailure(failure)
    return result
  }
}
