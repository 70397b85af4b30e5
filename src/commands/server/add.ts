import {resolve} from 'node:path'
import {Args, Flags} from '@oclif/core'
import {BaseCommand} from '../../lib/base-command.js'
import {addServer} from '../../lib/servers/manage-servers.js'

export interface ServerAddResult {
  name: string
  url: string
  /** Extra certificates to trust for it, an absolute path; `null` for none. */
  ca: string | null
  isNew: boolean
  isDefault: boolean
}

export default class ServerAdd extends BaseCommand<ServerAddResult> {
  static override summary = 'Give a server a name, and certificates of its own to trust'
  static override description =
    'The first server becomes the default. Adding it again changes its name or certificates.'
  static override examples = [
    '<%= config.bin %> server add https://agnes.example.com --name work',
    '<%= config.bin %> server add https://agnes.corp.example --ca corp-root.pem',
  ]
  static override args = {url: Args.string({description: 'Address of the server', required: true})}
  static override flags = {
    name: Flags.string({summary: 'What you call it; by default the first part of its address'}),
    ca: Flags.string({summary: 'PEM file of certificates to trust for it', helpValue: 'FILE'}),
  }

  async run(): Promise<ServerAddResult> {
    const {args, flags} = await this.parse(ServerAdd)
    const ca = flags.ca === undefined ? null : resolve(this.context.currentDir, flags.ca)
    const wanted = {url: args.url, name: flags.name, ca}
    const {server, isNew, isDefault} = await addServer(this.context, wanted, this.signal)
    const result = {name: server.name, url: server.url, ca: server.ca, isNew, isDefault}
    const note = isDefault ? ' It is the default.' : ''
    await this.present(result, ({name, url}, {isTty}) =>
      isTty ? `${url} is called ${name}.${note}` : `${name}\t${url}`,
    )
    return result
  }
}
