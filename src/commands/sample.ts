import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import {sampleTable, type TableRows} from '../lib/discovery/sample-table.js'
import {sampleText} from '../lib/present/schema-text.js'

/** Every field is described at `TableRows`. */
export type SampleResult = TableRows

export default class Sample extends BaseCommand<SampleResult> {
  static override summary = 'Show some rows of a table'
  static override description =
    'From the pulled files, or from the server for a table that is not pulled; the answer says which. ' +
    'The rows are the first that come and stand for nothing: see agnes explore.'
  static override examples = [
    '<%= config.bin %> sample orders',
    '<%= config.bin %> sample orders -n 50 --json',
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
      min: 1,
      max: 10_000,
      helpValue: 'N',
    }),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<SampleResult> {
    const {args, flags} = await this.parse(Sample)
    const discovery = await openDiscovery({workspace: flags.workspace}, this.context)
    const request = {typed: args.table, rows: flags.rows}
    const result = await sampleTable(request, discovery, this.signal)
    for (const notice of discovery.notices) this.addWarning(notice)
    await this.present(result, sampleText)
    return result
  }
}
