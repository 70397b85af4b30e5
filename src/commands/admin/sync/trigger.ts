import {Args} from '@oclif/core'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {triggeredText} from '../../../lib/present/admin-change-text.js'
import type {SyncTrigger} from '../../../lib/wire/admin.js'

/** Every field is described at `SyncTrigger`. */
export type AdminSyncTriggerResult = SyncTrigger

export default class AdminSyncTrigger extends BaseCommand<AdminSyncTriggerResult> {
  static override summary = 'Let the server fetch its data again'
  static override description =
    'Returns at once; agnes admin sync status says whether it still runs.'
  static override aliases = ['admin:sync']
  static override examples = [
    '<%= config.bin %> admin sync trigger',
    '<%= config.bin %> admin sync trigger orders customers',
  ]
  static override args = {
    tables: Args.string({description: 'Only these tables [default: all]', multiple: true}),
  }
  static override flags = {...serverFlag}

  async run(): Promise<AdminSyncTriggerResult> {
    const {args} = await this.parse(AdminSyncTrigger)
    const {api} = await openAdmin(this.context)
    const result = await api.triggerSync(args.tables ?? null, this.signal)
    await this.present(result, triggeredText)
    return result
  }
}
