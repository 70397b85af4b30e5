import type {MetricList, OneMetric} from '../metrics/read-business-metrics.js'
import type {Metric} from '../wire/metrics.js'
import {alignColumns} from './columns.js'
import {sanitize, sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** The metrics by category. In a pipe: id, name, unit, grain, table and description, one metric a line. */
export function metricListText(list: MetricList, terminal: Terminal): string {
  if (!terminal.isTty)
    return list.metrics
      .map(({id, displayName, name, unit, grain, tableName, description}) =>
        [id, displayName ?? name, unit, grain, tableName, description]
          .map((cell) => sanitizeLine(cell ?? ''))
          .join('\t'),
      )
      .join('\n')
  if (list.metrics.length === 0)
    return list.total === 0
      ? 'The server has no metrics.'
      : 'No metric fits. See all: agnes catalog --metrics'
  const categories = [...new Set(list.metrics.map(({category}) => category))]
  const blocks = categories.map((category) => {
    const rows = list.metrics
      .filter((metric) => metric.category === category)
      .map(({id, displayName, name, unit}) =>
        [id, displayName ?? name ?? '', unit === null ? '' : `(${unit})`].map(sanitizeLine),
      )
    const title = paint(terminal, 'bold', sanitizeLine(category ?? 'without a category'))
    return [title, ...alignColumns(rows, {indent: '  '})].join('\n')
  })
  return [...blocks, 'All of one: agnes catalog --show ID'].join('\n\n')
}

/** Everything that gives a figure its meaning; what the server did not say has no line. */
export function metricText({metric}: Pick<OneMetric, 'metric'>, terminal: Terminal): string {
  const facts = factsOf(metric).filter(([, value]) => value !== '')
  if (!terminal.isTty)
    return facts.map(([label, value]) => `${key(label)}\t${sanitizeLine(value)}`).join('\n')
  const width = Math.max(...facts.map(([label]) => label.length))
  return facts
    .map(([label, value]) => {
      const lines = sanitize(value).replaceAll('\t', '  ').trimEnd().split('\n')
      const head = paint(terminal, 'bold', label.padEnd(width))
      return `${head}  ${lines.join(`\n${' '.repeat(width + 2)}`)}`
    })
    .join('\n')
}

function factsOf(metric: Metric): [label: string, value: string][] {
  const text = (value: string | null) => value ?? ''
  return [
    ['Id', metric.id],
    ['Name', text(metric.name)],
    ['Display name', text(metric.displayName)],
    ['Category', text(metric.category)],
    ['Description', text(metric.description)],
    ['Type', text(metric.type)],
    ['Unit', text(metric.unit)],
    ['Grain', text(metric.grain)],
    ['Table', text(metric.tableName)],
    ['Tables', listText(metric.tables)],
    ['Expression', text(metric.expression)],
    ['Time column', text(metric.timeColumn)],
    ['Dimensions', listText(metric.dimensions)],
    ['Filters', listText(metric.filters)],
    ['Synonyms', listText(metric.synonyms)],
    ['Notes', listText(metric.notes)],
    ['Rules', documentText(metric.validation)],
    ['SQL', text(metric.sql)],
    ['SQL variants', documentText(metric.sqlVariants)],
    ['Source', [metric.source, metric.sourceRef].filter((part) => part !== null).join(', ')],
    ['Created', text(metric.createdAt)],
    ['Updated', text(metric.updatedAt)],
    ...Object.entries(metric.other).map(
      ([name, value]) => [sanitizeLine(name), documentText(value)] as [string, string],
    ),
  ]
}

/** One item a line: an item may hold commas. */
function listText(items: readonly unknown[]): string {
  return items.map(itemText).join('\n')
}

/** An object's entries one a line, `name: value`. */
function documentText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return listText(value)
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, item]) => `${name}: ${itemText(item)}`)
    .join('\n')
}

function itemText(item: unknown): string {
  return typeof item === 'string' ? item : JSON.stringify(item)
}

function key(label: string): string {
  return sanitizeLine(label).toLowerCase().replaceAll(' ', '_')
}
