const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']

/** `0 B`, `999 B`, `1.2 MB`: powers of 1000, as file managers and disks count. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes / 1000
  let unit = 0
  // 999,950 rounds to "1000.0 kB"; the next unit says it better.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`
}

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
