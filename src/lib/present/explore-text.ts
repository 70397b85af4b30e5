import type {ColumnProfile} from '../explore/column-profile.js'
import type {TableProfile} from '../explore/explore-table.js'
import {countText} from './amounts.js'
import {alignColumns, widthOf} from './columns.js'
import {sanitizeLine} from './sanitize.js'
import {paint, type Terminal} from './terminal.js'

/** A profile for a person, histograms drawn. In a pipe: one fact a line, its kind first, bins as numbers. */
export function exploreText(profile: TableProfile, terminal: Terminal): string {
  if (!terminal.isTty) return facts(profile).join('\n')
  const blocks = profile.columns.map((column) => columnBlock(column, profile, terminal))
  const head = `${paint(terminal, 'bold', sanitizeLine(profile.name))}: ${basisText(profile)}`
  return [head, ...blocks].join('\n\n')
}

const WHOLE: Record<TableProfile['basis']['source'], string> = {
  pulled: 'all its rows',
  own: 'all rows of your own table or view',
  snapshot: 'all rows of the snapshot, which is a kept part of a table',
  server: 'all its rows',
}

/** Which rows this is about; a sample is called one. */
function basisText({basis, rowCount}: TableProfile): string {
  const rows = basis.rows === null ? 'some of its rows' : rowsText(basis.rows)
  if (basis.kind === 'whole')
    return `${WHOLE[basis.source]} (${countText(basis.rows ?? 0)}), read on this computer.`
  if (basis.kind === 'server_profile') {
    const time = basis.profiledAt === null ? '' : ` at ${sanitizeLine(basis.profiledAt)}`
    return `${rows}, as the server worked it out${time}.`
  }
  const total = rowCount === null ? 'a number nobody has counted' : countText(rowCount)
  return rowCount !== null && rowCount === basis.rows
    ? `${rows} the server sent, which are all.`
    : `only a sample: ${rows} the server sent, of ${total}. It says little about the rest.`
}

function rowsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'row' : 'rows'}`
}

function columnBlock(column: ColumnProfile, profile: TableProfile, terminal: Terminal): string {
  const {name, type, min, max, mean, quantiles, topValues, histogram} = column
  const about = [
    sanitizeLine(type),
    nullsText(column, profile),
    distinctText(column),
    mean === null ? '' : `mean ${Number(mean.toPrecision(6))}`,
  ].filter((part) => part !== '')
  const lines = [`${paint(terminal, 'bold', sanitizeLine(name))}  ${about.join(', ')}`]
  if (quantiles) {
    const mark = column.quantilesAreApproximate ? '~' : ''
    const {p05, p25, p50, p75, p95} = quantiles
    const marks = [
      ['min', min ?? ''],
      ...Object.entries({'5 %': p05, '25 %': p25, median: p50, '75 %': p75, '95 %': p95}).map(
        ([label, value]) => [label, mark + value],
      ),
      ['max', max ?? ''],
    ]
    lines.push(`  ${marks.map(([label, value]) => `${label} ${cut(value!, 24)}`).join('  ')}`)
  } else if (min !== null && max !== null) lines.push(`  from ${cut(min, 40)} to ${cut(max, 40)}`)
  if (histogram) lines.push(`  ${bars(histogram.map(({count}) => count))}`)
  if (topValues.length > 0) lines.push(...topLines(topValues, terminal))
  return lines.join('\n')
}

function nullsText({nulls}: ColumnProfile, {basis}: TableProfile): string {
  if (nulls === null) return ''
  if (nulls === 0) return 'no nulls'
  const share = basis.rows === null || basis.rows === 0 ? '' : ` (${percent(nulls / basis.rows)})`
  return `${countText(nulls)} ${nulls === 1 ? 'null' : 'nulls'}${share}`
}

function distinctText({distinct, distinctIsApproximate}: ColumnProfile): string {
  return distinct === null
    ? ''
    : `${distinctIsApproximate ? 'about ' : ''}${countText(distinct)} distinct`
}

function percent(share: number): string {
  const value = share * 100
  return value > 0 && value < 0.1 ? '<0.1 %' : `${value.toFixed(1)} %`
}

const LEVELS = '▁▂▃▄▅▆▇█'

/** One character a bin; a bin with anything in it is never drawn as an empty one. */
export function bars(counts: readonly number[]): string {
  const most = Math.max(...counts)
  return counts
    .map((count) => {
      if (count === 0) return ' '
      return LEVELS[Math.min(LEVELS.length - 1, Math.floor((count / most) * LEVELS.length))]
    })
    .join('')
}

const BAR_WIDTH = 20

function topLines(values: ColumnProfile['topValues'], terminal: Terminal): string[] {
  const most = values[0]!.count
  const rows = values.map(({value, count}) => [
    value === '' ? paint(terminal, 'dim', '(empty)') : cut(value, 40),
    countText(count),
    '█'.repeat(Math.max(1, Math.round((count / most) * BAR_WIDTH))),
  ])
  return alignColumns(rows, {right: [1], indent: '  '})
}

function cut(text: string, width: number): string {
  const clean = sanitizeLine(text)
  if (widthOf(clean) <= width) return clean
  return `${[...clean].slice(0, width - 1).join('')}…`
}

function facts(profile: TableProfile): string[] {
  const {id, name, basis, rowCount, columns} = profile
  return [
    tabbed(['table', id, name]),
    tabbed(['basis', basis.kind, basis.source, basis.rows, basis.profiledAt]),
    tabbed(['rows', rowCount]),
    ...columns.flatMap(columnFacts),
  ]
}

function columnFacts(column: ColumnProfile): string[] {
  const {name, quantiles, topValues, histogram} = column
  const exactness = (isApproximate: boolean) => (isApproximate ? 'approximate' : 'exact')
  return [
    tabbed(['column', name, column.type]),
    tabbed(['nulls', name, column.nulls]),
    tabbed(['distinct', name, column.distinct, exactness(column.distinctIsApproximate)]),
    tabbed(['range', name, column.min, column.max]),
    tabbed(['mean', name, column.mean]),
    ...Object.entries(quantiles ?? {}).map(([share, value]) =>
      tabbed(['quantile', name, share, value, exactness(column.quantilesAreApproximate)]),
    ),
    ...topValues.map(({value, count}) => tabbed(['top', name, value, count])),
    ...(histogram ?? []).map(({from, to, count}) => tabbed(['bin', name, from, to, count])),
  ]
}

function tabbed(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => sanitizeLine(String(cell ?? ''))).join('\t')
}
