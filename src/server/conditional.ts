/** `If-None-Match` as RFC 9110 reads it: a list, weak marks ignored, `*` matches anything. */
export function isNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((item) => item.trim().replace(/^W\//, '') === etag)
}
