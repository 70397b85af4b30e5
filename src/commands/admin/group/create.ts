import {Args, Flags} from '@oclif/core'
import {createGroup} from '../../../lib/admin/change-groups.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminGroupCreateResult = ChangeResult

export default class AdminGroupCreate extends BaseCommand<AdminGroupCreateResult> {
  static override summary = 'Make a group'
  static override examples = [
    '<%= config.bin %> admin group create analysts --description "Sales and marketing"',
  ]
  static override args = {
    name: Args.string({description: 'What it is called', required: true}),
  }
  static override flags = {
    description: Flags.string({summary: 'What it is for', helpValue: 'TEXT'}),
    ...serverFlag,
  }

  async run(): Promise<AdminGroupCreateResult> {
    const {args, flags} = await this.parse(AdminGroupCreate)
    const admin = await openAdmin(this.context)
    const result = await createGroup(
      admin,
      {name: args.name, description: flags.description},
      this.signal,
    )
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
