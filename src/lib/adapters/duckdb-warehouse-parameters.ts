import {
  BIGINT,
  DuckDBBlobValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBTimeTZValue,
  HUGEINT,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import {UnexpectedError} from '../errors.js'
import type {Cell} from '../ports/warehouse.js'

const INT64_MAX = 9_223_372_036_854_775_807n

/** Statement parameters as the engine takes them; whole numbers become BIGINT, so that LIMIT accepts them. */
export function bindings(cells: readonly Cell[]): {
  values: DuckDBValue[]
  types: (DuckDBType | undefined)[]
} {
  return {values: cells.map(toValue), types: cells.map(toType)}
}

function toValue(cell: Cell): DuckDBValue {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? BigInt(cell) : cell
  if (cell === null || typeof cell !== 'object') return cell
  if (cell instanceof Uint8Array) return new DuckDBBlobValue(cell)
  if (Array.isArray(cell)) return new DuckDBListValue(cell.map(toValue))
  if ('offsetSeconds' in cell)
    return DuckDBTimeTZValue.fromMicrosAndOffset(cell.micros, cell.offsetSeconds)
  if ('months' in cell) return new DuckDBIntervalValue(cell.months, cell.days, cell.micros)
  throw new UnexpectedError('A union cannot be a statement parameter.')
}

function toType(cell: Cell): DuckDBType | undefined {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? BIGINT : undefined
  if (typeof cell === 'bigint') return cell <= INT64_MAX && cell >= -INT64_MAX ? BIGINT : HUGEINT
  return undefined
}
