import {Args} from '@oclif/core'
import {addMembers} from '../../../lib/admin/change-groups.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGroupAddMemberResult = ChangeResult

export default class AdminGroupAddMember extends BaseCommand<AdminGroupAddMemberResult> {
  static override summary = 'Put people into a group'
  static override description =
    'Somebody who is in already is no failure. Exit code 12: some were put in, others not.'
  static override examples = [
    '<%= config.bin %> admin group add-member analysts ann@example.com ben@example.com',
  ]
  static override args = {
    group: Args.string({
      description: 'The group: name, id or the beginning of either',
      required: true,
    }),
    users: Args.string({
      description: 'Their e-mail addresses or ids',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    ...serverFlag,
  }

  async run(): Promise<AdminGroupAddMemberResult> {
    const {args} = await this.parse(AdminGroupAddMember)
    const admin = await openAdmin(this.context)
    const result = await addMembers(admin, {group: args.group, users: args.users}, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
