import type {Cell, ColumnType} from '../../lib/ports/warehouse.js'

/** Exact text of dates, times and decimals; no JavaScript `Date`, which knows milliseconds only. */

export function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : ''
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Days since 1970-01-01 as `YYYY-MM-DD`; years before 1 get a sign, infinite dates a word. */
export function dateText(days: number): string {
  if (!Number.isFinite(days)) return days > 0 ? 'infinity' : '-infinity'
  const [year, month, day] = civilFromDays(days)
  return `${yearText(year)}-${two(month)}-${two(day)}`
}

/** `hh:mm:ss` with `digits` decimals when there are any: Python leaves out an empty fraction. */
export function timeText(ticks: bigint, digits: 6 | 9): string {
  const perSecond = 10n ** BigInt(digits)
  const seconds = Number(ticks / perSecond)
  const clock = [Math.trunc(seconds / 3600), Math.trunc(seconds / 60) % 60, seconds % 60]
    .map(two)
    .join(':')
  const rest = ticks % perSecond
  return rest === 0n ? clock : `${clock}.${rest.toString().padStart(digits, '0')}`
}

type TimestampType = Extract<ColumnType, {kind: 'timestamp'}>

const PER_SECOND = {s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n}

/** `separator` stands between date and time; a zoned timestamp is UTC and says `+00:00`. */
export function timestampText(cell: Cell, type: TimestampType, separator: ' ' | 'T'): string {
  if (typeof cell !== 'bigint') return String(cell)
  const perDay = PER_SECOND[type.unit] * 86_400n
  let days = cell / perDay
  if (cell % perDay < 0n) days -= 1n
  const ofDay = cell - days * perDay
  const isNanos = type.unit === 'ns'
  const ticks = isNanos ? ofDay : (ofDay * 1_000_000n) / PER_SECOND[type.unit]
  const text = `${dateText(Number(days))}${separator}${timeText(ticks, isNanos ? 9 : 6)}`
  return type.hasZone ? `${text}+00:00` : text
}

/** `+02:00`, or `+02:00:30` where seconds matter. */
export function offsetText(seconds: number): string {
  const absolute = Math.abs(seconds)
  const text = `${two(Math.trunc(absolute / 3600))}:${two(Math.trunc(absolute / 60) % 60)}`
  const rest = absolute % 60
  return `${seconds < 0 ? '-' : '+'}${text}${rest === 0 ? '' : `:${two(rest)}`}`
}

/** Proleptic Gregorian calendar, any year (Howard Hinnant's `civil_from_days`). */
function civilFromDays(days: number): [number, number, number] {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthIndex = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthIndex + 2) / 5) + 1
  const month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day]
}

function yearText(year: number): string {
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
