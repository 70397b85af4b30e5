import {BaseCommand} from '../lib/base-command.js'
import {openStatusLine, type StatusLine} from '../lib/statusline/open-status-line.js'

/** `text` and the `facts` it was made of: see StatusLine. */
export type StatuslineResult = StatusLine

export default class Statusline extends BaseCommand<StatuslineResult> {
  static override summary = 'One line for Claude Code’s status bar; empty when all is well'
  static override description =
    'Says that the session is private, that the data is old, that pull or push is failing and that ' +
    'the sign-in ends soon. Reads a few small files and asks nobody. Claude Code gives it the ' +
    'session on standard input.'
  static override examples = ['<%= config.bin %> statusline', '<%= config.bin %> statusline --json']

  async run(): Promise<StatuslineResult> {
    await this.parse(Statusline)
    const result = await openStatusLine(this.context)
    await this.present(result, ({text}) => text)
    return result
  }
}
