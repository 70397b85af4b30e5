/** Whether it is an object that has a text under each of these names. */
export function hasTexts<K extends string>(
  value: unknown,
  ...names: readonly K[]
): value is Record<K, string> {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string')
}
