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
