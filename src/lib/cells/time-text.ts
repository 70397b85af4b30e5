import type {Cell} from '../ports/warehouse.js'

/** ISO 8601 for everything about time, exact to the last digit of its type. */

const SECONDS_PER_DAY = 86_400
const DAYS_PER_ERA = 146_097

/** `2026-01-31`; years outside 0 to 9999 as ISO's six digits with a sign. `infinity` and `-infinity`. */
export function dateText(days: number): string {
  if (!Number.isFinite(days)) return days > 0 ? 'infinity' : '-infinity'
  const {year, month, day} = civil(days)
  return `${yearText(year)}-${two(month)}-${two(day)}`
}

/** Days since 1970 as a proleptic Gregorian date, by eras of 400 years beginning in March. */
function civil(days: number): {year: number; month: number; day: number} {
  const shifted = days + 719_468
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0')
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}

/** `23:59:59`, with 3, 6 or 9 digits behind the point where there is a fraction. */
function clock(seconds: number, fraction: number, digits: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const text = `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`
  if (fraction === 0) return text
  let shown = String(fraction).padStart(digits, '0')
  while (shown.length > 3 && shown.endsWith('000')) shown = shown.slice(0, -3)
  return `${text}.${shown}`
}

/** @param digits behind the point in the unit of `value`: 6 for microseconds, 9 for nanoseconds */
export function timeText(value: bigint, digits: 6 | 9): string {
  const unit = digits === 6 ? 1_000_000n : 1_000_000_000n
  return clock(Number(value / unit), Number(value % unit), digits)
}

/** `03:04:05+02:00`. */
export function timetzText(time: {micros: bigint; offsetSeconds: number}): string {
  const offset = Math.abs(time.offsetSeconds)
  const seconds = offset % 60 === 0 ? '' : `:${two(offset % 60)}`
  const zone = `${two(Math.floor(offset / 3600))}:${two(Math.floor(offset / 60) % 60)}${seconds}`
  return `${timeText(time.micros, 6)}${time.offsetSeconds < 0 ? '-' : '+'}${zone}`
}

const DIGITS = {s: 0, ms: 3, us: 6, ns: 9} as const

/** `2026-01-31T23:59:59.123456`, with `Z` for an instant. */
export function timestampText(unit: keyof typeof DIGITS, hasZone: boolean): (cell: Cell) => string {
  const digits = DIGITS[unit]
  const perSecond = 10 ** digits
  const perSecondWide = BigInt(perSecond)
  const zone = hasZone ? 'Z' : ''
  let lastDay = Number.NaN
  let lastDate = ''
  return (cell) => {
    if (typeof cell === 'string') return cell
    const value = cell as bigint
    let seconds = Number(value / perSecondWide)
    let fraction = Number(value % perSecondWide)
    if (fraction < 0) {
      fraction += perSecond
      seconds -= 1
    }
    const day = Math.floor(seconds / SECONDS_PER_DAY)
    if (day !== lastDay) {
      lastDay = day
      lastDate = dateText(day)
    }
    return `${lastDate}T${clock(seconds - day * SECONDS_PER_DAY, fraction, digits)}${zone}`
  }
}

/** ISO 8601 duration, `P1Y2M3DT4H5M6.5S`; each part carries its own sign. Nothing is carried into months or days. */
export function intervalText(interval: {months: number; days: number; micros: bigint}): string {
  const {months, days, micros} = interval
  const date = part(Math.trunc(months / 12), 'Y') + part(months % 12, 'M') + part(days, 'D')
  const hours = micros / 3_600_000_000n
  const minutes = (micros / 60_000_000n) % 60n
  const rest = micros % 60_000_000n
  const time = part(hours, 'H') + part(minutes, 'M') + (rest === 0n ? '' : secondsText(rest))
  if (date === '' && time === '') return 'PT0S'
  return `P${date}${time === '' ? '' : `T${time}`}`
}

function part(value: number | bigint, letter: string): string {
  return Number(value) === 0 ? '' : `${value}${letter}`
}

function secondsText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const fraction = (size % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
  return `${micros < 0n ? '-' : ''}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}S`
}
