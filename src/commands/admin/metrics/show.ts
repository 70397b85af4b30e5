import {Args} from '@oclif/core'
import {findMetric} from '../../../lib/admin/find.js'
import {openAdmin} from '../../../lib/admin/open-admin.js'
import {BaseCommand, serverFlag} from '../../../lib/base-command.js'
import {metricText} from '../../../lib/present/metrics-text.js'
import type {Metric} from '../../../lib/wire/metrics.js'

export interface AdminMetricsShowResult {
  metric: Metric
}

export default class AdminMetricsShow extends BaseCommand<AdminMetricsShowResult> {
  static override summary = 'Show all of one metric'
  static override examples = ['<%= config.bin %> admin metrics show revenue/mrr']
  static override args = {
    metric: Args.string({description: 'Its id, such as revenue/mrr, or its name', required: true}),
  }
  static override flags = {...serverFlag}

  async run(): Promise<AdminMetricsShowResult> {
    const {args} = await this.parse(AdminMetricsShow)
    const {api} = await openAdmin(this.context)
    const result = {metric: await findMetric(api, {reference: args.metric}, this.signal)}
    await this.present(result, metricText)
    return result
  }
}
