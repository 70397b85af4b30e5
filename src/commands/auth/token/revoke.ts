import {Args} from '@oclif/core'
import {openTokens} from '../../../lib/auth/open-tokens.js'
import {revokeToken, type PersonalToken} from '../../../lib/auth/tokens.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {revokedText} from '../../../lib/present/auth-text.js'
import {serverHere} from '../../../lib/servers/server-here.js'

export interface AuthTokenRevokeResult {
  server: string
  token: PersonalToken
  /** True when it had been revoked before. */
  wasRevoked: boolean
}

const OWN = 'That was the token you are signed in with. Sign in again: agnes auth login'

export default class AuthTokenRevoke extends BaseCommand<AuthTokenRevokeResult> {
  static override summary = 'Revoke one of your tokens; it stops working at once'
  static override examples = [
    '<%= config.bin %> auth token revoke nightly-job',
    '<%= config.bin %> auth token revoke 8df00bdc',
  ]
  static override args = {
    token: Args.string({
      description: 'Its id, the beginning of its id, or its name',
      required: true,
    }),
  }
  static override flags = {...serverFlag}

  async run(): Promise<AuthTokenRevokeResult> {
    const {args} = await this.parse(AuthTokenRevoke)
    const server = await serverHere(this.context)
    const deps = await openTokens(this.context, server)
    const result = {server, ...(await revokeToken(deps, args.token, this.signal))}
    if (result.token.isCurrent) this.addWarning(OWN)
    await this.present(result, revokedText)
    return result
  }
}
