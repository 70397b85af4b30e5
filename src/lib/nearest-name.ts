/**
 * The name a person probably meant: at most a third of its letters differ. `undefined` when none is
 * that close. Names that begin with what was typed count as close.
 */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const scored = names
    .map((name) => ({name, distance: name.startsWith(typed) ? 0.5 : editDistance(typed, name)}))
    .filter(
      ({name, distance}) =>
        distance <= Math.max(1, Math.floor(Math.max(name.length, typed.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
  return scored[0]?.name
}

/** Single-letter insertions, deletions, replacements and swaps of neighbours between two words. */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({length: to.length + 1}, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const best = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isSame ? 0 : 1),
      )
      const isSwap =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1]
      current.push(isSwap ? Math.min(best, beforePrevious[column - 2]! + 1) : best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length]!
}
