/** The names most like `wanted`, best first; `[]` when none is close. */
export function nearestNames(wanted: string, names: Iterable<string>, count = 3): string[] {
  const folded = wanted.toLowerCase()
  const reach = Math.max(1, Math.floor(folded.length / 3))
  const close: {name: string; distance: number}[] = []
  for (const name of names) {
    const candidate = name.toLowerCase()
    const distance =
      candidate.includes(folded) && folded.length >= 3 ? 1 : editDistance(folded, candidate, reach)
    if (distance <= reach) close.push({name, distance})
  }
  close.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  return close.slice(0, count).map(({name}) => name)
}

/** Levenshtein distance; anything above `reach` comes back as some number above it. */
export function editDistance(a: string, b: string, reach = Infinity): number {
  if (Math.abs(a.length - b.length) > reach) return reach + 1
  let previous = Array.from({length: b.length + 1}, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1))
    }
    if (Math.min(...current) > reach) return reach + 1
    previous = current
  }
  return previous[b.length]!
}
