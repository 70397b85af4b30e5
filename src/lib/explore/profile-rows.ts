import type {SampleRows} from '../discovery/sample-rows.js'
import {
  BINS,
  isRepetitive,
  QUANTILES,
  quantilesOf,
  shortened,
  TOP_VALUES,
  type ColumnProfile,
} from './column-profile.js'

/** The same figures of a few rows that are at hand. They describe these rows and no others. */
export function profileRows({columns, rows}: SampleRows): ColumnProfile[] {
  return columns.map(({name, type}, index) =>
    profileValues(
      {name, type: type ?? ''},
      rows.map((row) => row[index] ?? null),
    ),
  )
}

function profileValues(column: {name: string; type: string}, all: unknown[]): ColumnProfile {
  const values = all.filter((value) => value !== null)
  const isNumeric = values.length > 0 && values.every((value) => typeof value === 'number')
  const isText = values.every((value) => typeof value === 'string')
  const sorted = isNumeric
    ? (values as number[]).toSorted((a, b) => a - b)
    : isText
      ? (values as string[]).toSorted()
      : []
  const counts = countedTexts(values)
  return {
    ...column,
    nulls: all.length - values.length,
    distinct: counts.size,
    distinctIsApproximate: false,
    min: sorted.length === 0 ? null : shortened(String(sorted[0])),
    max: sorted.length === 0 ? null : shortened(String(sorted.at(-1))),
    mean: isNumeric
      ? (values as number[]).reduce((sum, value) => sum + value, 0) / values.length
      : null,
    quantiles: isNumeric
      ? quantilesOf(QUANTILES.map((share) => at(sorted as number[], share)))
      : null,
    quantilesAreApproximate: false,
    topValues: isRepetitive(counts.size, values.length) ? mostFrequent(counts) : [],
    histogram: isNumeric ? histogram(sorted as number[]) : null,
  }
}

function countedTexts(values: readonly unknown[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}

function mostFrequent(counts: ReadonlyMap<string, number>): ColumnProfile['topValues'] {
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, TOP_VALUES)
    .map(([value, count]) => ({value: shortened(value), count}))
}

/** The value itself, never one between two. */
function at(sorted: readonly number[], share: number): string {
  return String(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)])
}

function histogram(sorted: readonly number[]): ColumnProfile['histogram'] {
  const low = sorted[0]!
  const high = sorted.at(-1)!
  const width = (high - low) / BINS
  if (width <= 0 || !Number.isFinite(width)) return null
  const counts = new Array<number>(BINS).fill(0)
  for (const value of sorted) counts[Math.min(BINS - 1, Math.floor((value - low) / width))]!++
  const border = (place: number) => String(Number(place.toPrecision(12)))
  return counts.map((count, bin) => ({
    from: border(low + bin * width),
    to: border(bin === BINS - 1 ? high : low + (bin + 1) * width),
    count,
  }))
}
