import {isUtf8} from 'node:buffer'
import {DuckDBDataChunk, DuckDBTypeId, type DuckDBConnection} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import {IntegrityError} from '../errors.js'
import type {ColumnData, DataBatch} from '../ports/warehouse.js'

/**
 * Copies columns into the engine's own vectors, whole pieces of memory at a time. A text of up to 12
 * bytes lies inside its 16-byte entry, so it needs no call of its own.
 */
const ENTRY_BYTES = 16
const INLINE_BYTES = 12
/** Of a longer text the entry holds the beginning, then where it lies. */
const PREFIX_BYTES = 4
const POINTER_OFFSET = 8
const LIST_ENTRY_BYTES = 16

type Vector = ReturnType<typeof duckdb.data_chunk_get_vector>
type Layout<K extends ColumnData['layout']> = Extract<ColumnData, {layout: K}>

interface Slice {
  from: number
  count: number
}

/** Appends batches to a table, in chunks of the engine's vector size; returns the rows. */
export async function appendBatches(
  connection: DuckDBConnection,
  table: string,
  batches: AsyncIterable<DataBatch>,
  signal?: AbortSignal,
): Promise<number> {
  const appender = await connection.createAppender(table)
  const types = Array.from({length: appender.columnCount}, (_, index) => appender.columnType(index))
  const chunk = DuckDBDataChunk.create(types)
  const size = duckdb.vector_size()
  let rows = 0
  try {
    for await (const batch of batches) {
      for (let from = 0; from < batch.rowCount; from += size) {
        signal?.throwIfAborted()
        const slice = {from, count: Math.min(size, batch.rowCount - from)}
        chunk.reset()
        for (const [index, column] of batch.columns.entries())
          fill(duckdb.data_chunk_get_vector(chunk.chunk, index), column, slice)
        chunk.rowCount = slice.count
        appender.appendDataChunk(chunk)
      }
      rows += batch.rowCount
    }
    appender.flushSync()
    return rows
  } finally {
    appender.closeSync()
  }
}

function fill(vector: Vector, column: ColumnData, slice: Slice): void {
  if (column.validity) writeValidity(vector, column.validity, slice)
  switch (column.layout) {
    case 'fixed': {
      const {data, width} = column
      write(vector, data.subarray(slice.from * width, (slice.from + slice.count) * width))
      break
    }
    case 'bytes':
      writeBytes(vector, column, slice)
      break
    case 'list':
      writeLists(vector, column, slice)
      break
    case 'array': {
      const {length, child} = column
      const items = {from: slice.from * length, count: slice.count * length}
      fill(duckdb.array_vector_get_child(vector), child, items)
      break
    }
    case 'struct':
      for (const [index, child] of column.children.entries())
        fill(duckdb.struct_vector_get_child(vector, index), child, slice)
  }
}

function write(vector: Vector, bytes: Uint8Array, at = 0): void {
  if (bytes.length === 0) return
  const buffer = bytes.buffer as ArrayBuffer
  duckdb.copy_data_to_vector(vector, at, buffer, bytes.byteOffset, bytes.length)
}

function writeValidity(vector: Vector, validity: Uint8Array, {from, count}: Slice): void {
  // The engine reads whole 64-bit words.
  const bits = new Uint8Array(Math.ceil(count / 64) * 8)
  const shift = from % 8
  const first = (from - shift) / 8
  const length = Math.ceil(count / 8)
  for (let index = 0; index < length; index++)
    bits[index] =
      (validity[first + index]! >> shift) | ((validity[first + index + 1] ?? 0) << (8 - shift))
  duckdb.vector_ensure_validity_writable(vector)
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, 0, bits.length)
}

function isValid(validity: Uint8Array | null, index: number): boolean {
  return validity === null || (validity[index >> 3]! & (1 << (index & 7))) !== 0
}

function writeBytes(vector: Vector, column: Layout<'bytes'>, {from, count}: Slice): void {
  const {offsets, data, validity} = column
  if (count === 0) return
  const type: number = duckdb.get_type_id(duckdb.vector_get_column_type(vector))
  const isText = type === (DuckDBTypeId.VARCHAR as number)
  const bytes = data.subarray(offsets[from]!, offsets[from + count]!)
  if (isText && !isUtf8(bytes))
    throw new IntegrityError('A text the server sent is not valid UTF-8.', {code: 'not_utf8'})
  const entries = new Uint8Array(count * ENTRY_BYTES)
  const view = new DataView(entries.buffer)
  let heap: number | undefined
  for (let row = 0; row < count; row++) {
    const start = offsets[from + row]!
    const length = offsets[from + row + 1]! - start
    if (length === 0 || !isValid(validity, from + row)) continue
    const at = row * ENTRY_BYTES
    view.setUint32(at, length, true)
    const isInline = length <= INLINE_BYTES
    const copied = isInline ? length : PREFIX_BYTES
    for (let index = 0; index < copied; index++) entries[at + 4 + index] = data[start + index]!
    if (isInline) continue
    heap ??= toHeap(vector, bytes)
    const pointer = heap + start - offsets[from]!
    view.setUint32(at + POINTER_OFFSET, pointer % 2 ** 32, true)
    view.setUint32(at + POINTER_OFFSET + 4, Math.floor(pointer / 2 ** 32), true)
  }
  write(vector, entries)
}

/**
 * Puts the bytes into the vector's own memory by way of its first entry, which is written over afterwards,
 * and returns their address: one call instead of one for each text. An address has 48 bits.
 */
function toHeap(vector: Vector, bytes: Uint8Array): number {
  duckdb.vector_assign_string_element_len(vector, 0, bytes)
  const entry = duckdb.vector_get_data(vector, ENTRY_BYTES)
  const view = new DataView(entry.buffer, entry.byteOffset, ENTRY_BYTES)
  return view.getUint32(POINTER_OFFSET, true) + view.getUint32(POINTER_OFFSET + 4, true) * 2 ** 32
}

function writeLists(vector: Vector, column: Layout<'list'>, {from, count}: Slice): void {
  const {offsets, child} = column
  const first = offsets[from] ?? 0
  const items = (offsets[from + count] ?? first) - first
  const entries = new BigUint64Array(count * 2)
  for (let row = 0; row < count; row++) {
    entries[row * 2] = BigInt(offsets[from + row]! - first)
    entries[row * 2 + 1] = BigInt(offsets[from + row + 1]! - offsets[from + row]!)
  }
  duckdb.list_vector_reserve(vector, items)
  duckdb.list_vector_set_size(vector, items)
  write(vector, new Uint8Array(entries.buffer, 0, count * LIST_ENTRY_BYTES))
  fill(duckdb.list_vector_get_child(vector), child, {from: first, count: items})
}
