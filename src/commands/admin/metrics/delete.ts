import {Args} from '@oclif/core'
import {deleteMetrics} from '../../../lib/admin/change-metrics.js'
import {shortfall, type ChangeResult} from '../../../lib/admin/changes.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag, yesFlag} from '../../../lib/base-command.js'
import {changeText} from '../../../lib/present/admin-change-text.js'

/** Every field is described at `ChangeResult`. */
export type AdminMetricsDeleteResult = ChangeResult

export default class AdminMetricsDelete extends BaseCommand<AdminMetricsDeleteResult> {
  static override summary = 'Delete metrics'
  static override examples = ['<%= config.bin %> admin metrics delete revenue/mrr --yes']
  static override args = {
    metrics: Args.string({
      description: 'Their ids, such as revenue/mrr',
      required: true,
      multiple: true,
    }),
  }
  static override flags = {
    ...yesFlag,
    ...serverFlag,
  }

  async run(): Promise<AdminMetricsDeleteResult> {
    const {args, flags} = await this.parse(AdminMetricsDelete)
    const admin = await openAdmin(this.context, flags)
    const result = await deleteMetrics(admin, args.metrics, this.signal)
    await this.present(result, changeText)
    const failure = shortfall(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
