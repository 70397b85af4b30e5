/** Reading fields of answers whose shape nobody guarantees: what is not as expected reads as absent. */

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `null` for anything but a text with something in it. */
export function textField(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** A count or size; `null` for anything but a whole number from 0 up. */
export function countField(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** The texts of a list; `[]` for anything else. */
export function textsField(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

const TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:Z|([+-]\d\d)(?::?(\d\d))?)?)?$/i

/**
 * A time in any of the spellings of servers, `2026-11-21 05:11:02.539692` among them, in the one that is
 * printed: ISO 8601 in UTC, cut to milliseconds. A time without an offset is UTC; `null` for anything else.
 */
export function timeField(value: unknown): string | null {
  const match = typeof value === 'string' ? TIME.exec(value.trim()) : null
  if (!match) return null
  const [, day, time = '00:00', hours = '+00', minutes = '00'] = match
  const ms = Date.parse(`${day}T${time}${hours}:${minutes}`)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
