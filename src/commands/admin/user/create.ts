import {Args, Flags} from '@oclif/core'
import {createUsers} from '../../../lib/admin/change-users.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminUserCreateResult = ChangeResult

export default class AdminUserCreate extends BaseCommand<AdminUserCreateResult> {
  static override summary = 'Make users'
  static override description =
    'A new user is in no group and may read nothing: agnes admin group add-member GROUP EMAIL'
  static override aliases = ['admin:add-user']
  static override examples = ['<%= config.bin %> admin user create ann@example.com --name Ann']
  static override args = {
    emails: Args.string({description: 'Their e-mail addresses', required: true, multiple: true}),
  }
  static override flags = {
    name: Flags.string({
      summary: 'What to call them [default: the address up to the @]',
      helpValue: 'TEXT',
    }),
    ...serverFlag,
  }

  async run(): Promise<AdminUserCreateResult> {
    const {args, flags} = await this.parse(AdminUserCreate)
    const admin = await openAdmin(this.context)
    const result = await createUsers(admin, {emails: args.emails, name: flags.name}, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
