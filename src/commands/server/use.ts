import {Args} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {useServer} from '../../lib/servers/manage-servers.js'

export interface ServerUseResult {
  /** The default from now on. */
  url: string
}

export default class ServerUse extends BaseCommand<ServerUseResult> {
  static override summary = 'Make a server the default'
  static override description =
    'It is used outside of workspaces and for new ones; a workspace keeps the server it was made with.'
  static override examples = ['<%= config.bin %> server use work']
  static override args = {
    server: Args.string({description: 'Its name, or an address', required: true}),
  }

  async run(): Promise<ServerUseResult> {
    const {args} = await this.parse(ServerUse)
    const result = await useServer(this.context, args.server, this.signal)
    await this.present(result, ({url}, {isTty}) => (isTty ? `${url} is the default now.` : url))
    return result
  }
}
