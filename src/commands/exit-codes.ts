import {BaseCommand} from '../lib/base-command.js'
import {exitCodes, type ExitCode} from '../lib/exit-codes.js'
import {exitCodesText} from '../lib/present/exit-codes-text.js'

export interface ExitCodesResult {
  /** Every code a command may end with, ascending. */
  exitCodes: readonly ExitCode[]
}

export default class ExitCodes extends BaseCommand<ExitCodesResult> {
  static override summary = 'List the exit codes and what they mean'
  static override description =
    'The code is the same in text and with --json. Scripts should take a code that is not listed as a failure.'
  static override examples = ['<%= config.bin %> exit-codes', '<%= config.bin %> exit-codes --json']

  async run(): Promise<ExitCodesResult> {
    await this.parse(ExitCodes)
    const result = {exitCodes}
    await this.present(result, (shown, terminal) => exitCodesText(shown.exitCodes, terminal))
    return result
  }
}
