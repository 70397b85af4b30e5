import {jsonOf} from '../cells/cell-json.js'
import type {CountedRows} from '../query/limit-rows.js'
import {plainNumbers} from '../wire/schema.js'

export interface Collected {
  /** One array per row. Integers beyond 2^53 and decimals are texts. */
  rows: unknown[][]
  chars: number
  /** There were more rows than fit. */
  isCut: boolean
}

/** Longer values are kept as the beginning of their JSON: one cell must not fill an answer. */
const LONGEST_CELL = 8_000

/** Keeps rows until `maxChars` of JSON are there, then stops reading. Yields nothing: no bytes go out. */
export async function* collectRows(
  {columns, batches}: CountedRows,
  into: Collected,
  maxChars: number,
): AsyncGenerator<string> {
  const {parseLossless} = await import('../wire/lossless-json.js')
  const jsons = columns.map(({type}) => jsonOf(type))
  for await (const batch of batches)
    for (let row = 0; row < batch.rowCount; row++) {
      if (into.chars > maxChars) {
        into.isCut = true
        return
      }
      const cells = batch.columns.map((column, index) => {
        const cell = column[row] ?? null
        if (typeof cell === 'string' && cell.length > LONGEST_CELL) return beginning(cell, into)
        const json = jsons[index]!(cell)
        into.chars += json.length + 1
        return json.length > LONGEST_CELL
          ? beginning(json, into)
          : plainNumbers(parseLossless(json))
      })
      into.rows.push(cells)
      into.chars += 2
    }
  yield* []
}

function beginning(text: string, into: Collected): string {
  into.chars += LONGEST_CELL
  return `${text.slice(0, LONGEST_CELL / 4)}… (${text.length} characters in all)`
}
