/** A half-open range of bytes, `[start, end)`. Lists of them are sorted, disjoint and never touch. */
export type Interval = readonly [start: number, end: number]

export function addInterval(list: readonly Interval[], [start, end]: Interval): Interval[] {
  const before = list.filter((other) => other[1] < start)
  const after = list.filter((other) => other[0] > end)
  const touched = list.slice(before.length, list.length - after.length)
  const merged: Interval = [
    Math.min(start, ...touched.map((other) => other[0])),
    Math.max(end, ...touched.map((other) => other[1])),
  ]
  return merged[0] < merged[1] ? [...before, merged, ...after] : [...list]
}

/** What of `[0, size)` is missing. */
export function gapsIn(list: readonly Interval[], size: number): Interval[] {
  const edges = [0, ...list.flat(), size]
  const gaps: Interval[] = []
  for (let index = 0; index < edges.length; index += 2) {
    const [start, end] = [edges[index]!, edges[index + 1]!]
    if (start < end) gaps.push([start, end])
  }
  return gaps
}

/** Bytes known from the beginning without a hole. */
export function prefixLength(list: readonly Interval[]): number {
  return list[0]?.[0] === 0 ? list[0][1] : 0
}

export function coveredBytes(list: readonly Interval[]): number {
  return list.reduce((sum, [start, end]) => sum + end - start, 0)
}

/** Pieces of at most `maxBytes`, lowest first. */
export function splitIntervals(list: readonly Interval[], maxBytes: number): Interval[] {
  return list.flatMap(([start, end]) => {
    const count = Math.ceil((end - start) / maxBytes)
    return Array.from({length: count}, (_, index): Interval => {
      const from = start + index * maxBytes
      return [from, Math.min(end, from + maxBytes)]
    })
  })
}

/** A list as stored, or `undefined` when it is not one inside `[0, size]`. */
export function readIntervals(value: unknown, size: number): Interval[] | undefined {
  if (!Array.isArray(value)) return undefined
  let last = -1
  for (const item of value as unknown[]) {
    if (!Array.isArray(item) || item.length !== 2 || !item.every(Number.isSafeInteger))
      return undefined
    const [start, end] = item as [number, number]
    if (start <= last || start >= end || end > size) return undefined
    last = end
  }
  return value as Interval[]
}
