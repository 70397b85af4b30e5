import type {Cell, ColumnType} from '../../lib/ports/warehouse.js'
import {floatDigits, pythonBytes, pythonRepr, pythonTimedelta} from './python-text.js'
import {dateText, decimalText, offsetText, timestampText, timeText} from './time-text.js'

/**
 * Cells as JSON text, never through a JavaScript number where that would round. Two dialects, one per
 * endpoint of the contract (5.1 and 3.3); both print integers of any size in full.
 */

/** `/api/query`: scalars pass through, everything else is the text Python's `str()` gives. */
export function queryCellJson(cell: Cell, type: ColumnType): string {
  const plain = plainJson(cell, type)
  if (plain !== undefined) return plain
  switch (type.kind) {
    case 'decimal':
      return quoted(decimalText(cell as bigint, type.scale))
    case 'timestamp':
      return quoted(timestampText(cell, type, ' '))
    case 'date':
      return quoted(dateText(cell as number))
    case 'interval':
      return quoted(pythonTimedelta(cell as {months: number; days: number; micros: bigint}))
    case 'blob':
      return quoted(pythonBytes(cell as Uint8Array))
    case 'union':
      return unionJson(cell as {tag: string; value: Cell}, type, queryCellJson)
    default:
      return quoted(pythonRepr(cell, type))
  }
}

/**
 * `/api/v2/sample`: nested values are JSON, dates carry a time. Kinder than the reference server, which
 * fails on lists and blobs and rounds decimals: blobs are lower-case hex, decimals exact JSON numbers.
 */
export function sampleCellJson(cell: Cell, type: ColumnType): string {
  const plain = plainJson(cell, type)
  if (plain !== undefined) return plain
  switch (type.kind) {
    case 'decimal':
      return decimalText(cell as bigint, type.scale)
    case 'timestamp':
      return quoted(timestampText(cell, type, 'T'))
    case 'date':
      return quoted(
        Number.isFinite(cell) ? `${dateText(cell as number)}T00:00:00` : dateText(cell as number),
      )
    case 'interval':
      return floatDigits(intervalSeconds(cell as {months: number; days: number; micros: bigint}))
    case 'blob':
      return quoted(Buffer.from(cell as Uint8Array).toString('hex'))
    case 'list':
    case 'array':
      return `[${(cell as Cell[]).map((item) => sampleCellJson(item, type.item)).join(',')}]`
    case 'struct':
      return object(
        (cell as Cell[]).map((value, index) => {
          const field = type.fields[index]
          return [field?.name ?? '', sampleCellJson(value, field?.type ?? {kind: 'other'})]
        }),
      )
    case 'map':
      return object(
        (cell as [Cell, Cell][]).map(([key, value]) => [
          typeof key === 'string' ? key : pythonRepr(key, type.key),
          sampleCellJson(value, type.value),
        ]),
      )
    case 'union':
      return unionJson(cell as {tag: string; value: Cell}, type, sampleCellJson)
    default:
      return quoted(String(cell))
  }
}

/** What both dialects write alike. */
function plainJson(cell: Cell, type: ColumnType): string | undefined {
  if (cell === null || typeof cell === 'boolean') return String(cell)
  if (typeof cell === 'string') return quoted(cell)
  switch (type.kind) {
    case 'float':
    case 'double':
      return Number.isFinite(cell) ? floatDigits(cell as number) : 'null'
    case 'time':
      return quoted(timeText(cell as bigint, 6))
    case 'time_ns':
      return quoted(timeText(cell as bigint, 9))
    case 'timetz': {
      const value = cell as {micros: bigint; offsetSeconds: number}
      return quoted(timeText(value.micros, 6) + offsetText(value.offsetSeconds))
    }
    case 'decimal':
    case 'timestamp':
    case 'date':
      return undefined
    default:
      return typeof cell === 'number' || typeof cell === 'bigint' ? cell.toString() : undefined
  }
}

function unionJson(
  cell: {tag: string; value: Cell},
  type: Extract<ColumnType, {kind: 'union'}>,
  write: (cell: Cell, type: ColumnType) => string,
): string {
  return write(
    cell.value,
    type.members.find(({name}) => name === cell.tag)?.type ?? {kind: 'other'},
  )
}

/** A month counts as 30 days, as in the query dialect. */
function intervalSeconds(cell: {months: number; days: number; micros: bigint}): number {
  return (cell.months * 30 + cell.days) * 86_400 + Number(cell.micros) / 1e6
}

function object(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, value]) => `${quoted(key)}:${value}`).join(',')}}`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
