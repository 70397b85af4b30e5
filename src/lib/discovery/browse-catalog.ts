import {
  listMetrics,
  showMetric,
  type MetricList,
  type OneMetric,
} from '../metrics/read-business-metrics.js'
import {listTables, type TableList} from './list-tables.js'
import type {Discovery} from './open-discovery.js'

export interface BrowseRequest {
  search?: string | undefined
  mode?: string | undefined
  wantsMetrics: boolean
  /** Id of one metric. */
  metric?: string | undefined
}

/** Tables, metrics or one metric: what `agnes catalog` was asked for. */
export async function browseCatalog(
  request: BrowseRequest,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<TableList | MetricList | OneMetric> {
  if (request.metric !== undefined) return showMetric(request.metric, discovery, signal)
  if (request.wantsMetrics) return listMetrics(request, discovery, signal)
  return listTables(request, discovery, signal)
}
