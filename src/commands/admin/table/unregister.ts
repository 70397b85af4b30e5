import {Args} from '@oclif/core'
import {unregisterTables} from '../../../lib/admin/change-tables.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminTableUnregisterResult = ChangeResult

export default class AdminTableUnregister extends BaseCommand<AdminTableUnregisterResult> {
  static override summary = 'Withdraw tables from everybody'
  static override description =
    'Copies go from the computers of analysts with their next pull. Grants stay.'
  static override aliases = ['admin:unregister-table']
  static override examples = ['<%= config.bin %> admin table unregister orders --yes']
  static override args = {
    tables: Args.string({description: 'Their names or ids', required: true, multiple: true}),
  }
  static override flags = {
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminTableUnregisterResult> {
    const {args, flags} = await this.parse(AdminTableUnregister)
    const admin = await openAdmin(this.context, flags)
    const result = await unregisterTables(admin, args.tables, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
