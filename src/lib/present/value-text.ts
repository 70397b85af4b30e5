import {sanitizeLine} from './sanitize.js'

/** A value of a JSON answer as one line; `null` stays `null`. */
export function valueText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return sanitizeLine(typeof value === 'string' ? value : JSON.stringify(value))
}
