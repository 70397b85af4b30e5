/** Rows of text in aligned columns, for terminals. Cells must be one line each. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  options: {right?: readonly number[]; indent?: string} = {},
): string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(known[index] ?? 0, widthOf(cell))),
    [],
  )
  return rows.map((row) => {
    const cells = row.map((cell, index) => {
      const space = ' '.repeat((widths[index] ?? 0) - widthOf(cell))
      return options.right?.includes(index) ? space + cell : cell + space
    })
    return ((options.indent ?? '') + cells.join('  ')).trimEnd()
  })
}

// eslint-disable-next-line no-control-regex -- our own colour codes take no room
const COLOURS = /\u001B\[\d+m/g
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u
let segmenter: Intl.Segmenter | undefined

/** Columns a text takes on a terminal. */
export function widthOf(text: string): number {
  const plain = text.replace(COLOURS, '')
  // eslint-disable-next-line no-control-regex -- plain ASCII is one column a character
  if (/^[\u0000-\u007F]*$/.test(plain)) return plain.length
  let width = 0
  segmenter ??= new Intl.Segmenter()
  for (const {segment} of segmenter.segment(plain)) width += WIDE.test(segment) ? 2 : 1
  return width
}
