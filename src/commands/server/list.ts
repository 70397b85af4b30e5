import {BaseCommand} from '../../lib/base-command.js'
import {serversText} from '../../lib/present/server-text.js'
import {listServers, type ServerEntry} from '../../lib/servers/manage-servers.js'

export interface ServerListResult {
  servers: ServerEntry[]
}

export default class ServerList extends BaseCommand<ServerListResult> {
  static override summary = 'List the servers this account knows, and who you are there'
  static override examples = [
    '<%= config.bin %> server list',
    '<%= config.bin %> server list --json',
  ]

  async run(): Promise<ServerListResult> {
    await this.parse(ServerList)
    const result = {servers: await listServers(this.context)}
    await this.present(result, serversText)
    return result
  }
}
