/**
 * Which of many literals occur in a text, in one pass over it: a table of first two characters says
 * where a closer look is worth it. Asking for each literal by itself would take ninety passes.
 */
export class AnchorScan {
  /** By the first two characters: which bucket to look into, 0 for none. */
  private readonly table = new Uint8Array(1 << 14)
  private readonly buckets: {anchor: string; id: number}[][] = [[]]

  /** @param anchors ASCII, at least two characters each; the position is the id. */
  constructor(private readonly anchors: readonly string[]) {
    anchors.forEach((anchor, id) => {
      const start = (anchor.charCodeAt(0) << 7) | anchor.charCodeAt(1)
      if (this.table[start] === 0) this.table[start] = this.buckets.push([]) - 1
      this.buckets[this.table[start] ?? 0]?.push({anchor, id})
    })
  }

  /** One flag an anchor: 1 where it occurs. */
  run(text: string): Uint8Array {
    const {table, buckets} = this
    const found = new Uint8Array(this.anchors.length)
    let previous = text.charCodeAt(0)
    for (let at = 1; at < text.length; at++) {
      const current = text.charCodeAt(at)
      const bucket = (previous | current) < 128 ? table[(previous << 7) | current] : 0
      if (bucket !== 0 && bucket !== undefined)
        for (const {anchor, id} of buckets[bucket] ?? [])
          if (found[id] === 0 && text.startsWith(anchor, at - 1)) found[id] = 1
      previous = current
    }
    return found
  }
}
