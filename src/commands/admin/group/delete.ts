import {Args} from '@oclif/core'
import {deleteGroup} from '../../../lib/admin/change-groups.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGroupDeleteResult = ChangeResult

export default class AdminGroupDelete extends BaseCommand<AdminGroupDeleteResult> {
  static override summary = 'Delete a group with its memberships and grants'
  static override examples = ['<%= config.bin %> admin group delete temps --yes']
  static override args = {
    group: Args.string({
      description: 'The group: name, id or the beginning of its id',
      required: true,
    }),
  }
  static override flags = {
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminGroupDeleteResult> {
    const {args, flags} = await this.parse(AdminGroupDelete)
    const admin = await openAdmin(this.context, flags)
    const result = await deleteGroup(admin, args.group, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
