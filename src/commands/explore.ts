import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../lib/base-command.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import {exploreTable, type TableProfile} from '../lib/explore/explore-table.js'
import {exploreText} from '../lib/present/explore-text.js'

/** Every field is described at `TableProfile`. */
export type ExploreResult = TableProfile

export default class Explore extends BaseCommand<ExploreResult> {
  static override summary = 'Profile a table: nulls, distinct values, quantiles, histograms'
  static override description =
    'Reads every row of a table on this computer, column by column. For one that is not pulled, shows the ' +
    'profile the server made, or of a sample the server sends; the answer says what it is based on. ' +
    'Above 200,000 rows distinct values and quantiles are estimates, and are marked so.'
  static override examples = [
    '<%= config.bin %> explore orders',
    '<%= config.bin %> explore web_sessions --remote --json',
  ]
  static override args = {
    table: Args.string({description: 'Name or id of the table', required: true}),
  }
  static override flags = {
    remote: Flags.boolean({summary: 'Ask the server even where the table is pulled'}),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<ExploreResult> {
    const {args, flags} = await this.parse(Explore)
    const discovery = await openDiscovery({workspace: flags.workspace}, this.context)
    const request = {typed: args.table, isRemote: flags.remote}
    const result = await exploreTable(request, discovery, this.signal)
    for (const notice of discovery.notices) this.addWarning(notice)
    await this.present(result, exploreText)
    return result
  }
}
