/**
 * `.claude/agnes-sessions-uploaded.txt`, shared with the reference client: `id TAB size TAB time`, the
 * size being that of the file on disk. It names no server.
 */
export function parseReferenceLedger(text: string): Map<string, number> {
  const largest = new Map<string, number>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const [id, size, at] = line.split('\t')
    // Older rows are `time TAB path`.
    if (id === undefined || size === undefined || at === undefined || !/^\d{1,15}$/.test(size))
      continue
    largest.set(id, Math.max(largest.get(id) ?? 0, Number(size)))
  }
  return largest
}

/** @param at ISO 8601 */
export function referenceRow(sessionId: string, bytes: number, at: string): string {
  return `${sessionId}\t${bytes}\t${at.replace(/\.\d+Z$/, 'Z')}\n`
}
