import {openTokens} from '../../../lib/auth/open-tokens.js'
import {listTokens, type PersonalToken} from '../../../lib/auth/tokens.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {tokensText} from '../../../lib/present/auth-text.js'
import {serverHere} from '../../../lib/servers/server-here.js'

export interface AuthTokenListResult {
  server: string
  /** Newest first, revoked ones included. */
  tokens: PersonalToken[]
}

export default class AuthTokenList extends BaseCommand<AuthTokenListResult> {
  static override summary = 'List your tokens on the server'
  static override examples = [
    '<%= config.bin %> auth token list',
    '<%= config.bin %> auth token list --json',
  ]
  static override flags = {...serverFlag}

  async run(): Promise<AuthTokenListResult> {
    await this.parse(AuthTokenList)
    const server = await serverHere(this.context)
    const tokens = await listTokens(await openTokens(this.context, server), this.signal)
    await this.present({server, tokens}, tokensText)
    return {server, tokens}
  }
}
