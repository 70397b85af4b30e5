import {Flags} from '@oclif/core'
import {logout, type LogoutOutcome} from '../../lib/auth/logout.js'
import {BaseCommand, serverFlag} from '../../lib/base-command.js'
import {logoutText} from '../../lib/present/auth-text.js'
import {serverHere} from '../../lib/servers/server-here.js'

/** Every field is described at `LogoutOutcome`. */
export type AuthLogoutResult = LogoutOutcome

export default class AuthLogout extends BaseCommand<AuthLogoutResult> {
  static override summary = 'Sign out: revoke the token on the server, then forget it here'
  static override description =
    'When the server cannot be asked, nothing is forgotten, so that the token can still be revoked; ' +
    'with --local it is forgotten all the same. Pulled tables stay where they are.'
  static override examples = [
    '<%= config.bin %> auth logout',
    '<%= config.bin %> auth logout --local',
  ]
  static override flags = {
    ...serverFlag,
    local: Flags.boolean({summary: 'Forget the token here without asking the server'}),
  }

  async run(): Promise<AuthLogoutResult> {
    const {flags} = await this.parse(AuthLogout)
    const options = {origin: await serverHere(this.context), isLocal: flags.local}
    const outcome = await logout(this.context, options, this.signal)
    for (const note of outcome.notes) this.addWarning(note)
    await this.present(outcome, logoutText)
    return outcome
  }
}
