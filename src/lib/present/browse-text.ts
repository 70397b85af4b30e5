import type {TableList} from '../discovery/list-tables.js'
import type {MetricList, OneMetric} from '../metrics/read-business-metrics.js'
import {catalogText} from './catalog-text.js'
import {metricListText, metricText} from './metrics-text.js'
import type {Terminal} from './terminal.js'

/** Whichever of the three `agnes catalog` answers with. */
export function browseText(result: TableList | MetricList | OneMetric, terminal: Terminal): string {
  if (result.kind === 'metric') return metricText(result, terminal)
  if (result.kind === 'metrics') return metricListText(result, terminal)
  return catalogText(result, terminal)
}
