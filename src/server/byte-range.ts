/** What a `Range` header asks of a body of `size` bytes. Pure. */
export type RangeAnswer =
  | {kind: 'whole'}
  /** Inclusive ends. */
  | {kind: 'ranges'; ranges: readonly {first: number; last: number}[]}
  | {kind: 'malformed'; message: string}
  | {kind: 'unsatisfiable'}

const MAX_RANGES = 100

/**
 * The reference server's reading (contract 5.3): other units and start > end are malformed (400), a
 * start beyond the end is 416, a last byte beyond the end is clamped, a suffix longer than the body
 * is the whole body. Of several ranges those outside the body are dropped; none left is 416.
 */
export function readRange(header: string | undefined, size: number): RangeAnswer {
  if (header === undefined) return {kind: 'whole'}
  const [unit, list] = header.split('=', 2)
  if (list === undefined) return {kind: 'malformed', message: 'Malformed range header.'}
  if (unit?.trim().toLowerCase() !== 'bytes')
    return {kind: 'malformed', message: 'Only support bytes range'}
  const specs = list.split(',').map((spec) => spec.trim())
  if (specs.length > MAX_RANGES) return {kind: 'malformed', message: 'Too many ranges.'}
  const ranges: {first: number; last: number}[] = []
  for (const spec of specs) {
    const match = /^(\d*)-(\d*)$/.exec(spec)
    if (!match || (match[1] === '' && match[2] === ''))
      return {kind: 'malformed', message: 'Range header: no valid range found.'}
    const [from, to] = [match[1] ?? '', match[2] ?? '']
    if (from === '') {
      const length = Math.min(Number(to), size)
      if (length > 0) ranges.push({first: size - length, last: size - 1})
      continue
    }
    const first = Number(from)
    const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
    if (to !== '' && first > Number(to))
      return {kind: 'malformed', message: 'Range header: start must be less than end.'}
    if (first < size) ranges.push({first, last})
  }
  return ranges.length === 0 ? {kind: 'unsatisfiable'} : {kind: 'ranges', ranges}
}
