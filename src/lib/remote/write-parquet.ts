import type {Cell, Column, ColumnData, DataBatch, RowBatch, Warehouse} from '../ports/warehouse.js'
import type {CountedRows} from '../query/limit-rows.js'
import {uniqueNames} from '../query/unique-names.js'

/** Types a server's answer can have, as the engine stores them; everything else is its text. */
const STORED: Partial<Record<Column['type']['kind'], {sql: string; width: number}>> = {
  boolean: {sql: 'BOOLEAN', width: 1},
  bigint: {sql: 'BIGINT', width: 8},
  hugeint: {sql: 'HUGEINT', width: 16},
  double: {sql: 'DOUBLE', width: 8},
}

/** Writes rows to a Parquet file at an absolute path. Integers wider than 128 bits are text there. */
export async function writeParquet(
  {columns, batches}: CountedRows,
  {path, warehouse}: {path: string; warehouse: () => Promise<Warehouse>},
  signal: AbortSignal,
): Promise<void> {
  const engine = await warehouse()
  const session = await engine.open({
    path: ':memory:',
    access: 'write',
    allowedDirectories: [],
    allowedFiles: [path],
  })
  try {
    const names = uniqueNames(columns.map(({name}) => name))
    const list = columns.map(
      ({type}, index) =>
        `"${names[index]!.replaceAll('"', '""')}" ${STORED[type.kind]?.sql ?? 'VARCHAR'}`,
    )
    await session.run(`CREATE TABLE answer (${list.join(', ')})`, [], signal)
    await session.append('answer', dataBatches(columns, batches), signal)
    await session.exportParquet('FROM answer', {path, nameColumns: uniqueNames}, signal)
  } finally {
    await session.close()
  }
}

async function* dataBatches(
  columns: readonly Column[],
  batches: AsyncIterable<RowBatch>,
): AsyncGenerator<DataBatch> {
  for await (const batch of batches)
    yield {
      rowCount: batch.rowCount,
      columns: batch.columns.map((cells, index) => columnData(columns[index]!, cells)),
    }
}

function columnData({type}: Column, cells: readonly Cell[]): ColumnData {
  const validity = validityOf(cells)
  const stored = STORED[type.kind]
  if (!stored) return {validity, layout: 'bytes', ...textData(cells)}
  const {width} = stored
  const data = new Uint8Array(cells.length * width)
  const view = new DataView(data.buffer)
  cells.forEach((cell, index) => {
    if (cell !== null) put(view, index * width, cell as bigint | number | boolean)
    if (width === 16 && cell !== null)
      view.setBigInt64(index * width + 8, (cell as bigint) >> 64n, true)
  })
  return {validity, layout: 'fixed', width, data}
}

function put(view: DataView, at: number, cell: bigint | number | boolean): void {
  if (typeof cell === 'bigint') view.setBigUint64(at, BigInt.asUintN(64, cell), true)
  else if (typeof cell === 'number') view.setFloat64(at, cell, true)
  else view.setUint8(at, cell ? 1 : 0)
}

function validityOf(cells: readonly Cell[]): Uint8Array | null {
  if (!cells.includes(null)) return null
  const bits = new Uint8Array(Math.ceil(cells.length / 8))
  cells.forEach((cell, index) => {
    if (cell !== null) bits[index >> 3]! |= 1 << (index & 7)
  })
  return bits
}

function textData(cells: readonly Cell[]): {offsets: Int32Array; data: Uint8Array} {
  const texts = cells.map((cell) => Buffer.from(cell === null ? '' : String(cell)))
  const offsets = new Int32Array(cells.length + 1)
  texts.forEach((text, index) => (offsets[index + 1] = offsets[index]! + text.length))
  return {offsets, data: Buffer.concat(texts)}
}
