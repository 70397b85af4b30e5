export {bytesText} from '../cells/amount-text.js'

/** `1,234,567`. */
export function countText(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
]

/** `3 hours ago`, `just now`; what lies in the future (a clock moved) says so. */
export function ageText(ageMs: number): string {
  const size = Math.abs(ageMs)
  if (size < 60_000) return 'just now'
  const [ms, unit] = STEPS.find(([step]) => size >= step)!
  const count = Math.floor(size / ms)
  const amount = `${count} ${unit}${count === 1 ? '' : 's'}`
  return ageMs < 0 ? `in ${amount}` : `${amount} ago`
}
