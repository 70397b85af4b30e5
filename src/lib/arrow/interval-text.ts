const NANOS_PER_SECOND = 1_000_000_000n

/** As the SQL engine writes an INTERVAL, with nanoseconds where there are any. */
export function intervalText(months: number, days: number, nanos: bigint): string {
  const years = Math.trunc(months / 12)
  const rest = months % 12
  const parts = [amount(years, 'year'), amount(rest, 'month'), amount(days, 'day')]
  if (nanos !== 0n) parts.push(timeText(nanos))
  const text = parts.filter((part) => part !== '').join(' ')
  return text === '' ? '00:00:00' : text
}

function amount(count: number, unit: string): string {
  if (count === 0) return ''
  return `${count} ${unit}${Math.abs(count) === 1 ? '' : 's'}`
}

function timeText(nanos: bigint): string {
  const size = nanos < 0n ? -nanos : nanos
  const seconds = size / NANOS_PER_SECOND
  const fraction = String(size % NANOS_PER_SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const two = (value: bigint) => String(value).padStart(2, '0')
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return `${nanos < 0n ? '-' : ''}${clock}${fraction === '' ? '' : `.${fraction}`}`
}
