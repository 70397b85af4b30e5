import {Args} from '@oclif/core'
import {setUserActive} from '../../../lib/admin/change-users.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminUserActivateResult = ChangeResult

export default class AdminUserActivate extends BaseCommand<AdminUserActivateResult> {
  static override summary = 'Let deactivated users in again'
  static override aliases = ['admin:activate']
  static override examples = ['<%= config.bin %> admin user activate ann@example.com']
  static override args = {
    users: Args.string({
      description: 'Their e-mail addresses or ids',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    ...serverFlag,
  }

  async run(): Promise<AdminUserActivateResult> {
    const {args} = await this.parse(AdminUserActivate)
    const admin = await openAdmin(this.context)
    const result = await setUserActive(admin, {references: args.users, isActive: true}, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
