import type {FieldChange, FieldValues} from './access-model.js'

/** JSON with sorted keys: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null'
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}

/** No value, an empty text and an empty list are the same to a server: nothing. */
export function settled(value: unknown): unknown {
  const isEmpty = value === undefined || value === '' || (Array.isArray(value) && !value.length)
  return isEmpty ? null : value
}

/** The fields of `wanted` that `has` does not have so; those `wanted` is silent about are left alone. */
export function changesBetween(has: FieldValues, wanted: FieldValues): FieldChange[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const [from, to] = [settled(has[field]), settled(value)]
    return canonical(from) === canonical(to) ? [] : [{field, from, to}]
  })
}

/** In code units, whatever the language of the machine. */
export function byText<T>(textOf: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}
