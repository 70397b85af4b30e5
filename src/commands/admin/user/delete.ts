import {Args} from '@oclif/core'
import {deleteUsers} from '../../../lib/admin/change-users.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminUserDeleteResult = ChangeResult

export default class AdminUserDelete extends BaseCommand<AdminUserDeleteResult> {
  static override summary = 'Delete users, with their memberships and tokens'
  static override aliases = ['admin:remove-user']
  static override examples = ['<%= config.bin %> admin user delete ann@example.com --yes']
  static override args = {
    users: Args.string({
      description: 'Their e-mail addresses or ids',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminUserDeleteResult> {
    const {args, flags} = await this.parse(AdminUserDelete)
    const admin = await openAdmin(this.context, flags)
    const result = await deleteUsers(admin, args.users, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
