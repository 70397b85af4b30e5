/** Repeated names, told apart whatever their case: `x`, `x_2`, `x_3`. A name that is given is never made up. */
export function uniqueNames(names: readonly string[]): string[] {
  const given = new Set(names.map((name) => name.toLowerCase()))
  const taken = new Set<string>()
  return names.map((name) => {
    let candidate = name
    for (let number = 2; taken.has(candidate.toLowerCase()); number++) {
      candidate = `${name}_${number}`
      while (given.has(candidate.toLowerCase())) candidate = `${name}_${++number}`
    }
    taken.add(candidate.toLowerCase())
    return candidate
  })
}
