import {Args} from '@oclif/core'
import {removeMembers} from '../../../lib/admin/change-groups.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGroupRemoveMemberResult = ChangeResult

export default class AdminGroupRemoveMember extends BaseCommand<AdminGroupRemoveMemberResult> {
  static override summary = 'Take people out of a group'
  static override examples = [
    '<%= config.bin %> admin group remove-member analysts ann@example.com',
  ]
  static override args = {
    group: Args.string({
      description: 'The group: name, id or the beginning of its id',
      required: true,
    }),
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

  async run(): Promise<AdminGroupRemoveMemberResult> {
    const {args, flags} = await this.parse(AdminGroupRemoveMember)
    const admin = await openAdmin(this.context, flags)
    const result = await removeMembers(admin, {group: args.group, users: args.users}, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
