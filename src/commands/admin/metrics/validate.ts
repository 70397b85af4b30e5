import {
  invalidMetrics,
  validateMetrics,
  type MetricCheck,
} from '../../../lib/admin/change-metrics.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {checkedText} from '../../../lib/present/admin-change-text.js'

export interface AdminMetricsValidateResult {
  checks: MetricCheck[]
  /** How many are about a table that is not registered. */
  invalid: number
}

export default class AdminMetricsValidate extends BaseCommand<AdminMetricsValidateResult> {
  static override summary = 'Check that every metric is about a registered table'
  static override description = 'Exit code 2: some are not.'
  static override examples = ['<%= config.bin %> admin metrics validate']
  static override flags = {...serverFlag}

  async run(): Promise<AdminMetricsValidateResult> {
    await this.parse(AdminMetricsValidate)
    const admin = await openAdmin(this.context)
    const result = await validateMetrics(admin, this.signal)
    await this.present(result, checkedText)
    const failure = invalidMetrics(result)
    if (failure) await this.presentFailure(failure)
    return result
  }
}
