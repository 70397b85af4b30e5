/** Times as the contract prints them: UTC, microseconds, and by place with or without offset. */

/** `2026-01-31T12:00:00.000000` */
export function naiveIso(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000')
}

/** `2026-01-31T12:00:00.000000+00:00` */
export function offsetIso(ms: number): string {
  return `${naiveIso(ms)}+00:00`
}

/** `2026-01-31 12:00:00.000000`: how users, groups, grants and tokens spell it. */
export function spaced(iso: string): string
export function spaced(iso: string | null): string | null
export function spaced(iso: string | null): string | null {
  return iso === null ? null : iso.replace('T', ' ')
}

/** Milliseconds of a stored time; both spellings, with or without offset. */
export function parseTime(text: string): number {
  const iso = text.replace(' ', 'T')
  return Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`)
}
