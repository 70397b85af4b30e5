import {Args} from '@oclif/core'
import {deleteGrants} from '../../../lib/admin/change-grants.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGrantDeleteResult = ChangeResult

export default class AdminGrantDelete extends BaseCommand<AdminGrantDeleteResult> {
  static override summary = 'Take grants back'
  static override description =
    'The tables go from the computers of those who had them with their next pull.'
  static override examples = [
    '<%= config.bin %> admin grant list --group analysts',
    '<%= config.bin %> admin grant delete 4ce3f3de --yes',
  ]
  static override args = {
    grants: Args.string({
      description: 'Their ids, or the beginnings of them',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminGrantDeleteResult> {
    const {args, flags} = await this.parse(AdminGrantDelete)
    const admin = await openAdmin(this.context, flags)
    const result = await deleteGrants(admin, args.grants, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
