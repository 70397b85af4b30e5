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
