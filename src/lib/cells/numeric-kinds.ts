import type {ColumnType} from '../ports/warehouse.js'

type Kind = ColumnType['kind']

/** Whole numbers of a fixed width. */
export const INTEGER_KINDS: readonly Kind[] = [
  'tinyint',
  'smallint',
  'integer',
  'bigint',
  'utinyint',
  'usmallint',
  'uinteger',
  'ubigint',
  'hugeint',
  'uhugeint',
]

/** What the engine can average and put on a line. */
export const MEASURED_NUMBERS: ReadonlySet<Kind> = new Set<Kind>([
  ...INTEGER_KINDS,
  'float',
  'double',
  'decimal',
])

/** True for what is read right-aligned. */
export function isNumeric({kind}: ColumnType): boolean {
  return MEASURED_NUMBERS.has(kind) || kind === 'bignum'
}
