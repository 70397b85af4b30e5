import {Args} from '@oclif/core'
import {setUserActive} from '../../../lib/admin/change-users.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminUserDeactivateResult = ChangeResult

export default class AdminUserDeactivate extends BaseCommand<AdminUserDeactivateResult> {
  static override summary = 'Shut users out, with every token of theirs'
  static override description =
    'Nothing of theirs is deleted; agnes admin user activate lets them in again.'
  static override aliases = ['admin:deactivate']
  static override examples = ['<%= config.bin %> admin user deactivate ann@example.com --yes']
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

  async run(): Promise<AdminUserDeactivateResult> {
    const {args, flags} = await this.parse(AdminUserDeactivate)
    const admin = await openAdmin(this.context, flags)
    const result = await setUserActive(
      admin,
      {references: args.users, isActive: false},
      this.signal,
    )
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
