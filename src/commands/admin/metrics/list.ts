import {onePage} from '../../../lib/admin/pages.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {listPage} from '../../../lib/present/admin-list-text.js'
import {metricList} from '../../../lib/present/admin-lists.js'
import type {Metric} from '../../../lib/wire/metrics.js'

/** The document; its rows are written as they come, and `run` returns the rest. */
export interface AdminMetricsListResult {
  metrics: Metric[]
  count: number
}

export default class AdminMetricsList extends BaseCommand<Omit<AdminMetricsListResult, 'metrics'>> {
  static override summary = 'List the metrics of the server, with where each came from'
  static override examples = ['<%= config.bin %> admin metrics list']
  static override flags = {...serverFlag}

  async run(): Promise<Omit<AdminMetricsListResult, 'metrics'>> {
    await this.parse(AdminMetricsList)
    const {api} = await openAdmin(this.context)
    return this.presentPages('metrics', onePage(api.metrics(this.signal)), (rows, at) =>
      listPage(metricList, rows, at),
    )
  }
}
