import {Args} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {removeServer} from '../../lib/servers/manage-servers.js'

export interface ServerRemoveResult {
  name: string
  url: string
  /** True when no default is left. */
  wasDefault: boolean
}

const NO_DEFAULT = 'No server is the default any more. Choose one: agnes server use NAME'

export default class ServerRemove extends BaseCommand<ServerRemoveResult> {
  static override summary = 'Forget the name of a server'
  static override description =
    'Its token stays until you sign out there; workspaces of it stay as they are.'
  static override examples = ['<%= config.bin %> server remove work']
  static override args = {
    server: Args.string({description: 'Its name or address', required: true}),
  }

  async run(): Promise<ServerRemoveResult> {
    const {args} = await this.parse(ServerRemove)
    const {server, wasDefault} = await removeServer(this.context, args.server, this.signal)
    if (wasDefault) this.addWarning(NO_DEFAULT)
    const result = {name: server.name, url: server.url, wasDefault}
    await this.present(result, ({name, url}, {isTty}) =>
      isTty ? `${url} is no longer called ${name}.` : `${name}\t${url}`,
    )
    return result
  }
}
