import type {Cell, Column, ColumnType, RowBatch, RowStream} from '../ports/warehouse.js'
import type {QueryAnswerBody, WireCell} from '../wire/query.js'

/**
 * The server sends values without their types, so a column is named after the values that came: whole
 * numbers BIGINT (HUGEINT, BIGNUM where they need it), others DOUBLE; decimals, dates, lists and all
 * that JSON does not have are the server's own text.
 */
export function remoteRows({columns, rows}: QueryAnswerBody): RowStream {
  const cells = columns.map((_name, index) => rows.map((row) => row[index] as WireCell))
  const typed = cells.map(typedColumn)
  return {
    columns: columns.map((name, index): Column => ({name, ...typed[index]!.head})),
    batches: batchesOf(rows.length, typed),
  }
}

interface TypedColumn {
  head: Omit<Column, 'name'>
  cells: Cell[]
}

const BATCH_ROWS = 2048

async function* batchesOf(
  rowCount: number,
  columns: readonly TypedColumn[],
): AsyncGenerator<RowBatch> {
  for (let at = 0; at < rowCount; at += BATCH_ROWS) {
    const slices = columns.map(({cells}) => cells.slice(at, at + BATCH_ROWS))
    yield {rowCount: Math.min(BATCH_ROWS, rowCount - at), columns: slices}
  }
}

function typedColumn(cells: readonly WireCell[]): TypedColumn {
  const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell))
  const [kind] = kinds
  if (kinds.size > 1 || kind === 'object') return asJson(cells, kinds)
  if (kind === undefined) return {head: typeHead('NULL', {kind: 'null'}), cells: [...nulls(cells)]}
  if (kind === 'bigint') return {head: integerHead(cells as bigint[]), cells: cells as Cell[]}
  if (kind === 'number') return {head: typeHead('DOUBLE', {kind: 'double'}), cells: cells as Cell[]}
  if (kind === 'boolean')
    return {head: typeHead('BOOLEAN', {kind: 'boolean'}), cells: cells as Cell[]}
  return {head: typeHead('VARCHAR', {kind: 'varchar'}), cells: cells as Cell[]}
}

/** Whole and broken numbers together are doubles; any other mixture is kept as the JSON it came as. */
function asJson(cells: readonly WireCell[], kinds: ReadonlySet<string>): TypedColumn {
  const isNumeric = [...kinds].every((kind) => kind === 'bigint' || kind === 'number')
  if (isNumeric && cells.every(fitsDouble)) {
    const numbers = cells.map((cell) => (cell === null ? null : Number(cell)))
    return {head: typeHead('DOUBLE', {kind: 'double'}), cells: numbers}
  }
  const texts = cells.map((cell) => (cell === null ? null : jsonText(cell)))
  return {head: typeHead('JSON', {kind: 'json'}), cells: texts}
}

function fitsDouble(cell: WireCell): boolean {
  return typeof cell !== 'bigint' || BigInt(Number(cell)) === cell
}

function jsonText(value: WireCell): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item as WireCell)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${jsonText(item as WireCell)}`,
  )
  return `{${members.join(',')}}`
}

function integerHead(cells: readonly (bigint | null)[]): Omit<Column, 'name'> {
  let low = 0n
  let high = 0n
  for (const cell of cells) {
    if (cell === null) continue
    if (cell < low) low = cell
    if (cell > high) high = cell
  }
  const fits = (end: bigint) => low >= -end && high < end
  if (fits(1n << 63n)) return typeHead('BIGINT', {kind: 'bigint'})
  if (fits(MAX_DECIMAL)) return typeHead('HUGEINT', {kind: 'hugeint'})
  return typeHead('BIGNUM', {kind: 'bignum'})
}

/** Wider ones have no type in a Parquet file. */
const MAX_DECIMAL = 10n ** 38n

function typeHead(typeText: string, type: ColumnType): Omit<Column, 'name'> {
  return {typeText, type}
}

function nulls(cells: readonly WireCell[]): null[] {
  return cells.map(() => null)
}
