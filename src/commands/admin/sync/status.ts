import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {syncStatusText} from '../../../lib/present/admin-change-text.js'

export interface AdminSyncStatusResult {
  /** True while the server fetches its data. */
  isRunning: boolean
}

export default class AdminSyncStatus extends BaseCommand<AdminSyncStatusResult> {
  static override summary = 'Tell whether the server is fetching its data'
  static override examples = ['<%= config.bin %> admin sync status']
  static override flags = {...serverFlag}

  async run(): Promise<AdminSyncStatusResult> {
    await this.parse(AdminSyncStatus)
    const {api} = await openAdmin(this.context)
    const result = {isRunning: await api.isSyncing(this.signal)}
    await this.present(result, syncStatusText)
    return result
  }
}
