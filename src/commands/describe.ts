import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {describeTable, type TableDescription} from '../lib/discovery/describe-table.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import {notesOn} from '../lib/present/cached-note.js'
import {describeText} from '../lib/present/schema-text.js'

/** Every field is described at `TableDescription`. */
export type DescribeResult = TableDescription

export default class Describe extends BaseCommand<DescribeResult> {
  static override summary = 'Show columns and first rows of a table'
  static override description =
    'Joins what the server knows with what is on this computer. Rows come from the pulled files, or from ' +
    'the server for a table that is not pulled; the answer says which. Snapshots and your own tables can ' +
    'be described as well.'
  static override examples = [
    '<%= config.bin %> describe orders',
    '<%= config.bin %> describe -n 20 orders --json',
  ]
  static override args = {
    table: Args.string({description: 'Name or id of the table', required: true}),
  }
  static override flags = {
    ...serverFlag,
    rows: Flags.integer({
      char: 'n',
      summary: 'Rows to show; a server gives 100 at most',
      default: 5,
      min: 0,
      max: 10_000,
      helpValue: 'N',
    }),
    offline: Flags.boolean({summary: 'Do not ask the server'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<DescribeResult> {
    const {args, flags} = await this.parse(Describe)
    const options = {workspace: flags.workspace, isOffline: flags.offline}
    const discovery = await openDiscovery(options, this.context)
    const request = {typed: args.table, rows: flags.rows}
    const result = await describeTable(request, discovery, this.signal)
    for (const note of notesOn(result, discovery.notices)) this.addWarning(note)
    await this.present(result, describeText)
    return result
  }
}
