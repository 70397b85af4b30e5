/**
 * Which of many literals occur in a text, in one pass over it: a table of first two characters says
 * where a closer look is worth it. Asking for each literal by itself would take ninety passes.
 */
export class AnchorScan {
  private readonly table = new Uint8Array(1 << 14)
  private readonly byStart = new Map<number, {anchor: string; id: number}[]>()

  /** @param anchors ASCII, at least two characters each; the position is the id. */
  constructor(private readonly anchors: readonly string[]) {
    anchors.forEach((anchor, id) => {
      const start = startOf(anchor.charCodeAt(0), anchor.charCodeAt(1))
      this.table[start] = 1
      this.byStart.set(start, [...(this.byStart.get(start) ?? []), {anchor, id}])
    })
  }

  /** One flag an anchor: 1 where it occurs. */
  run(text: string): Uint8Array {
    const found = new Uint8Array(this.anchors.length)
    let previous = text.charCodeAt(0)
    for (let at = 1; at < text.length; at++) {
      const current = text.charCodeAt(at)
      if ((previous | current) < 128 && this.table[startOf(previous, current)] === 1)
        this.lookAt(text, at - 1, found)
      previous = current
    }
    return found
  }

  private lookAt(text: string, at: number, found: Uint8Array): void {
    for (const {anchor, id} of this.byStart.get(
      startOf(text.charCodeAt(at), text.charCodeAt(at + 1)),
    ) ?? [])
      if (found[id] === 0 && text.startsWith(anchor, at)) found[id] = 1
  }
}

function startOf(first: number, second: number): number {
  return (first << 7) | second
}
