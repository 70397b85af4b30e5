/** What the values of one column look like. */
export interface ColumnProfile {
  name: string
  type: string
  /** Rows without a value; `null` when not known. */
  nulls: number | null
  /** Different values; `null` when not known. */
  distinct: number | null
  /** `distinct` is an estimate. */
  distinctIsApproximate: boolean
  /** As text, ISO 8601 for times; `null` when there is none. Long texts are cut and end in `…`. */
  min: string | null
  max: string | null
  /** Of the finite values; `null` for what is no number. */
  mean: number | null
  /** Values below which that share of the rows lies, as text. */
  quantiles: {p05: string; p25: string; p50: string; p75: string; p95: string} | null
  quantilesAreApproximate: boolean
  /** The most frequent values, most frequent first; `[]` where hardly any value repeats. */
  topValues: {value: string; count: number}[]
  /** Ranges of equal width, from the least value; a value on a border is in the upper range. `null` for what has no width. */
  histogram: {from: string; to: string; count: number}[] | null
}

export const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const
export const BINS = 16
export const TOP_VALUES = 5
const MAX_VALUE_LENGTH = 200

export function quantilesOf(texts: readonly string[]): ColumnProfile['quantiles'] {
  const [p05, p25, p50, p75, p95] = texts
  if (p05 === undefined || p25 === undefined || p50 === undefined) return null
  if (p75 === undefined || p95 === undefined) return null
  return {p05, p25, p50, p75, p95}
}

/** A value fit to be shown; whole characters. */
export function shortened(text: string): string {
  if (text.length <= MAX_VALUE_LENGTH) return text
  return `${[...text.slice(0, MAX_VALUE_LENGTH)].slice(0, -1).join('')}…`
}

/** True where the most frequent values tell something. */
export function isRepetitive(distinct: number, values: number): boolean {
  return values > 0 && (distinct <= 1000 || distinct <= values / 2) && distinct < values
}
