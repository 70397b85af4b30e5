/**
 * Business metrics: definitions that people agreed on, as the server holds them. This room reads them;
 * it computes no figure and fills in nothing the server did not say.
 */
import {MissingError, UnreachableError} from '../errors.js'
import {mentions} from '../discovery/list-tables.js'
import type {Discovery} from '../discovery/open-discovery.js'
import {nearestNames} from '../query/nearest-names.js'
import {readMetric, readMetrics, type Metric} from '../wire/metrics.js'

export interface MetricList {
  kind: 'metrics'
  server: string
  /** ISO 8601, our clock. */
  checkedAt: string
  /** When the server said this, if not now; `null` for a fresh answer. */
  cached: {fetchedAt: string} | null
  /** Metrics before `--search` took its part. */
  total: number
  /** By category, then in the server's order. */
  metrics: Metric[]
}

export interface OneMetric extends Pick<MetricList, 'server' | 'checkedAt' | 'cached'> {
  kind: 'metric'
  metric: Metric
}

export async function listMetrics(
  wanted: {search?: string | undefined},
  discovery: Discovery,
  signal: AbortSignal,
): Promise<MetricList> {
  const question = {path: '/api/metrics', cacheKey: 'metrics'}
  const {body, cached} = await discovery.server().ask(question, signal)
  const all = readMetrics(body)
  const metrics = all
    .filter((metric) => mentions(wanted.search, searched(metric)))
    .sort((a, b) => compare(a.category ?? '', b.category ?? ''))
  return {kind: 'metrics', ...frame(discovery), cached, total: all.length, metrics}
}

/** `MissingError` with the nearest ids for one that is not there. */
export async function showMetric(
  id: string,
  discovery: Discovery,
  signal: AbortSignal,
): Promise<OneMetric> {
  const question = {path: `/api/metrics/${pathOf(id)}`, cacheKey: `metric ${id}`}
  try {
    if (hasDots(id)) throw new MissingError(`${id} is no id of a metric.`)
    const {body, cached} = await discovery.server().ask(question, signal)
    return {kind: 'metric', ...frame(discovery), cached, metric: readMetric(body)}
  } catch (error) {
    if (!(error instanceof MissingError || error instanceof UnreachableError)) throw error
    const {metrics, cached} = await listMetrics({}, discovery, signal)
    // The list holds each metric whole: what is remembered of it answers as well.
    const found = metrics.find((metric) => metric.id === id)
    if (found) return {kind: 'metric', ...frame(discovery), cached, metric: found}
    throw error instanceof MissingError ? unknownMetric(id, metrics, error) : error
  }
}

/** Ids name a path below the category: their `/` stay, everything else is encoded. */
function pathOf(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/')
}

/** Such segments would be resolved away before the server sees them. */
function hasDots(id: string): boolean {
  return id.split('/').some((part) => part === '' || part === '.' || part === '..')
}

function unknownMetric(id: string, metrics: readonly Metric[], cause: MissingError): MissingError {
  const ids = metrics.map((metric) => metric.id)
  const byName = metrics.filter(({name}) => name === id).map((metric) => metric.id)
  const similar = [...new Set([...byName, ...nearestNames(id, ids)])].slice(0, 3)
  const nearest = similar.length === 0 ? '' : `Similar ids: ${similar.join(', ')}. `
  return new MissingError(`There is no metric ${id}.`, {
    code: 'metric_not_found',
    hint: `${nearest}See what there is: agnes catalog --metrics`,
    details: {metric: id, similar},
    cause,
  })
}

function searched(metric: Metric): (string | null)[] {
  const synonyms = metric.synonyms.filter((synonym) => typeof synonym === 'string')
  return [metric.id, metric.displayName, metric.description, metric.category, ...synonyms]
}

function frame({surroundings, ...discovery}: Discovery) {
  const checkedAt = new Date(surroundings.clock.now()).toISOString()
  return {server: discovery.server().origin, checkedAt}
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
