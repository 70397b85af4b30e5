import {Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import type {PluginScope} from '../../lib/marketplace/marketplace-model.js'
import {openMarketplace} from '../../lib/marketplace/open-marketplace.js'
import {
  refreshMarketplace,
  type MarketplaceRefreshResult,
} from '../../lib/marketplace/refresh-marketplace.js'
import {marketplaceText, marketplaceWarnings} from '../../lib/present/marketplace-text.js'

/** Every field is described at its own type. */
export type {MarketplaceRefreshResult} from '../../lib/marketplace/refresh-marketplace.js'

export default class MarketplaceRefresh extends BaseCommand<MarketplaceRefreshResult> {
  static override aliases = ['refresh-marketplace']
  static override summary =
    'Install, update and remove the Claude Code plugins the server offers you'
  static override description =
    'Fetches the plugins you are granted into the config folder, then lets the claude command ' +
    'install what is new, update what changed and remove what is no longer offered, for this ' +
    'workspace only. An empty or unreadable answer removes nothing. Exit code 12: some plugins ' +
    'could not be changed, the rest is done.'
  static override examples = [
    '<%= config.bin %> marketplace refresh --check',
    '<%= config.bin %> marketplace refresh',
    '<%= config.bin %> marketplace refresh --git --json',
  ]
  static override flags = {
    check: Flags.boolean({summary: 'Say what would change; change nothing'}),
    git: Flags.boolean({summary: 'Fetch by git instead of as one archive'}),
    scope: Flags.option({
      options: ['project', 'local', 'user'] as const satisfies readonly PluginScope[],
      default: 'project' as const,
      summary: 'Where plugins are switched on: shared settings of the workspace, own, or yours',
    })(),
    workspace: Flags.string({summary: 'Folder of the workspace', helpValue: 'DIR'}),
  }

  async run(): Promise<MarketplaceRefreshResult> {
    const {flags} = await this.parse(MarketplaceRefresh)
    const {root} = await this.context.findWorkspace(flags.workspace)
    const deps = await openMarketplace(this.context, root, flags.scope)
    const options = {
      isCheck: Boolean(flags.check),
      transport: flags.git ? ('git' as const) : ('zip' as const),
    }
    const {result, failure} = await refreshMarketplace(deps, options, this.signal)
    for (const warning of marketplaceWarnings(result)) this.addWarning(warning)
    await this.present(result, marketplaceText)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
