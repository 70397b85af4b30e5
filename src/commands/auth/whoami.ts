import {Flags} from '@oclif/core'
import {whoAmI, type Identity} from '../../lib/auth/who-am-i.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {identityText} from '../../lib/present/auth-text.js'
import {serverHere} from '../../lib/servers/server-here.js'

/** Every field is described at `Identity`. */
export type AuthWhoamiResult = Identity

export default class AuthWhoami extends BaseCommand<AuthWhoamiResult> {
  static override summary = 'Show who you are signed in as, where, and where the token lies'
  static override description =
    'Reads what is stored here; the server is asked only with --verify, which also tells groups and ' +
    'whether the token shows all tables or those of your own stack. The token itself is never shown.'
  static override examples = [
    '<%= config.bin %> auth whoami',
    '<%= config.bin %> auth whoami --verify --json',
  ]
  static override flags = {
    ...serverFlag,
    verify: Flags.boolean({summary: 'Ask the server whether it accepts the token'}),
  }

  async run(): Promise<AuthWhoamiResult> {
    const {flags} = await this.parse(AuthWhoami)
    const options = {origin: await serverHere(this.context), isVerify: flags.verify}
    const identity = await whoAmI(this.context, options, this.signal)
    await this.present(identity, identityText)
    return identity
  }
}
