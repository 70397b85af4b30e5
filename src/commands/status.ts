import {Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {packageRoot} from '../lib/config/paths.js'
import {statusText} from '../lib/present/status-text.js'
import {readStatus, type StatusReport} from '../lib/status/read-status.js'

/** Every field is described at `StatusReport`. */
export type StatusResult = StatusReport

export default class Status extends BaseCommand<StatusResult> {
  static override summary = 'Show the workspace: server, sign-in, tables and how fresh they are'
  static override description =
    'Reads what is stored on this computer only; the server is not asked. A table counts as changed ' +
    'when the size or time of its file moved; agnes verify reads the bytes.'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json']
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<StatusResult> {
    const {flags} = await this.parse(Status)
    const {context} = this
    const found = await context.findWorkspace(flags.workspace)
    const files = {
      workspace: context.filesAt(found.root),
      packageFiles: context.filesAt(packageRoot()),
    }
    const report = await readStatus({...context, ...files}, found)
    await this.present(report, statusText)
    return report
  }
}
