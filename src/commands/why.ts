import {Args, Flags} from '@oclif/core'
import {BaseCommand, serverFlag} from '../lib/base-command.js'
import {openDiscovery} from '../lib/discovery/open-discovery.js'
import {whyText} from '../lib/present/why-text.js'
import {whyHere} from '../lib/why/why-here.js'
import type {WhyResult} from '../lib/why/why-model.js'

/** Every field is described at `WhyResult`. */
export type {WhyResult} from '../lib/why/why-model.js'

export default class Why extends BaseCommand<WhyResult> {
  static override summary = 'Explain why a table is there for you, or is not'
  static override description =
    'As a chain: your token, the grants of your groups, what the server lists, where the table answers, ' +
    'what is pulled. Each link says what would change it. An administrator asks about somebody else with ' +
    '`agnes admin why`.'
  static override examples = ['<%= config.bin %> why orders', '<%= config.bin %> why orders --json']
  static override args = {
    table: Args.string({description: 'Name or id of the table', required: true}),
  }
  static override flags = {
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
    ...serverFlag,
  }

  async run(): Promise<WhyResult> {
    const {args, flags} = await this.parse(Why)
    const discovery = await openDiscovery({workspace: flags.workspace}, this.context)
    const result = await whyHere(args.table, discovery, this.signal)
    for (const notice of discovery.notices) this.addWarning(notice)
    await this.present(result, whyText)
    return result
  }
}
