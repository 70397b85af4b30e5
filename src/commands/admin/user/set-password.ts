import {Args, Flags} from '@oclif/core'
import {setPassword} from '../../../lib/admin/change-users.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {readNewPassword} from '../../../lib/admin/read-password.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminUserSetPasswordResult = ChangeResult

export default class AdminUserSetPassword extends BaseCommand<AdminUserSetPasswordResult> {
  static override summary = 'Set the password of a user'
  static override description =
    'Asks twice on a terminal. A password is never taken from the command line, where others can read it.'
  static override aliases = ['admin:set-password']
  static override examples = ['<%= config.bin %> admin user set-password ann@example.com']
  static override args = {
    user: Args.string({description: 'E-mail address or id', required: true}),
  }
  static override flags = {
    'password-stdin': Flags.boolean({summary: 'Read the password from stdin instead of asking'}),
    ...serverFlag,
  }

  async run(): Promise<AdminUserSetPasswordResult> {
    const {args, flags} = await this.parse(AdminUserSetPassword)
    const {context, signal} = this
    const admin = await openAdmin(context)
    const isPiped = flags['password-stdin']
    const readPassword = ({email}: {email: string}) =>
      readNewPassword(context.streams, {email, isPiped}, signal)
    const result = await setPassword(admin, {reference: args.user, readPassword}, signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
