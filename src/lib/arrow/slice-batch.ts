import {
  Type,
  type DataType,
  type Decimal,
  type Dictionary,
  type FixedSizeBinary,
  type FixedSizeList,
  type Int,
  type Interval,
  type Schema,
  type Time,
} from 'apache-arrow'
import {
  BufferRegion,
  FieldNode,
  Message,
  RecordBatch as BatchHeader,
} from 'apache-arrow/ipc/metadata/message'
import {notArrow} from './not-arrow.js'
import {unsupported} from './arrow-sql-type.js'

export interface BigBatch {
  schema: Schema
  header: BatchHeader
  bodyBytes: number
  /** About as much as one slice takes in memory, where rows are alike. */
  sliceBytes: number
}

/** Bytes of the body of one message, wherever they lie. */
export type ReadBody = (position: number, length: number) => Promise<Uint8Array>

/**
 * Cuts one record batch into messages of fewer rows that together say the same, reading of each column
 * only what the rows need. Yields the metadata and the body of each. Compressed bodies cannot be cut.
 */
export async function* slicedBatch(
  {schema, header, bodyBytes, sliceBytes}: BigBatch,
  read: ReadBody,
): AsyncGenerator<{metadata: Uint8Array; body: Uint8Array}> {
  const share = Math.floor((header.length * sliceBytes) / Math.max(1, bodyBytes))
  const step = Math.max(8, share - (share % 8))
  for (let from = 0; from < header.length; from += step) {
    const count = Math.min(step, header.length - from)
    const slice = new BatchSlice(header, read)
    for (const {type} of schema.fields) await slice.take(type, {from, count})
    yield slice.message(count)
  }
}

interface Rows {
  from: number
  count: number
}

const ALIGNMENT = 8

/** Goes through nodes and buffers in the order the format gives them, and gathers those of a part. */
class BatchSlice {
  private nodeAt = 0
  private bufferAt = 0
  private readonly nodes: FieldNode[] = []
  private readonly regions: BufferRegion[] = []
  private readonly parts: Uint8Array[] = []
  private bytes = 0

  constructor(
    private readonly header: BatchHeader,
    private readonly read: ReadBody,
  ) {}

  message(count: number): {metadata: Uint8Array; body: Uint8Array} {
    const header = new BatchHeader(count, this.nodes, this.regions, null)
    const metadata = Message.encode(Message.from(header, this.bytes))
    return {metadata, body: Buffer.concat(this.parts, this.bytes)}
  }

  async take(type: DataType, rows: Rows): Promise<void> {
    const node = this.header.nodes[this.nodeAt++]
    if (!node) throw notArrow('a batch has fewer columns than its schema')
    if (type.typeId === Type.Null) {
      this.nodes.push(new FieldNode(rows.count, rows.count))
      return
    }
    const at = this.nodes.length
    this.nodes.push(new FieldNode(rows.count, 0))
    const nulls = await this.validity(rows, node.nullCount > 0)
    this.nodes[at] = new FieldNode(rows.count, nulls)
    await this.values(type, rows)
  }

  private async values(type: DataType, rows: Rows): Promise<void> {
    switch (type.typeId as Type) {
      case Type.Bool:
        return this.add(await this.bits(this.region(), rows))
      case Type.Utf8:
      case Type.Binary:
        return this.scaled(1, await this.offsets(4, rows))
      case Type.LargeUtf8:
      case Type.LargeBinary:
        return this.scaled(1, await this.offsets(8, rows))
      case Type.List:
      case Type.Map:
        return this.take(type.children[0]!.type as DataType, await this.offsets(4, rows))
      case Type.LargeList:
        return this.take(type.children[0]!.type as DataType, await this.offsets(8, rows))
      case Type.FixedSizeList: {
        const size = (type as FixedSizeList).listSize
        const items = {from: rows.from * size, count: rows.count * size}
        return this.take(type.children[0]!.type as DataType, items)
      }
      case Type.Struct:
        for (const child of type.children) await this.take(child.type as DataType, rows)
        return
      default:
        return this.scaled(widthOf(type), rows)
    }
  }

  /** Returns how many rows have no value. */
  private async validity(rows: Rows, hasNulls: boolean): Promise<number> {
    const region = this.region()
    if (!hasNulls || region.length === 0) {
      this.add(new Uint8Array(0))
      return 0
    }
    const bits = await this.bits(region, rows)
    this.add(bits)
    let present = 0
    for (let row = 0; row < rows.count; row++) present += (bits[row >> 3]! >> (row & 7)) & 1
    return rows.count - present
  }

  private async bits(region: BufferRegion, {from, count}: Rows): Promise<Uint8Array> {
    const shift = from % 8
    const bytes = await this.within(region, (from - shift) / 8, Math.ceil((shift + count) / 8))
    if (shift === 0) return bytes
    const shifted = new Uint8Array(Math.ceil(count / 8))
    for (let index = 0; index < shifted.length; index++)
      shifted[index] = (bytes[index]! >> shift) | ((bytes[index + 1] ?? 0) << (8 - shift))
    return shifted
  }

  /** Adds the offsets of the rows, from 0 on; returns what they point at. */
  private async offsets(width: 4 | 8, {from, count}: Rows): Promise<Rows> {
    const region = this.region()
    const target = Buffer.alloc((count + 1) * width)
    if (count === 0 || region.length === 0) {
      this.add(target)
      return {from: 0, count: 0}
    }
    const source = Buffer.from(await this.within(region, from * width, (count + 1) * width))
    const valueAt = (row: number) =>
      width === 4 ? source.readInt32LE(row * 4) : Number(source.readBigInt64LE(row * 8))
    const first = valueAt(0)
    for (let row = 1; row <= count; row++) {
      if (valueAt(row) < valueAt(row - 1)) throw notArrow('a batch points outside of itself')
      if (width === 4) target.writeInt32LE(valueAt(row) - first, row * 4)
      else target.writeBigInt64LE(BigInt(valueAt(row) - first), row * 8)
    }
    this.add(target)
    return {from: first, count: valueAt(count) - first}
  }

  private async scaled(width: number, {from, count}: Rows): Promise<void> {
    this.add(await this.within(this.region(), from * width, count * width))
  }

  private region(): BufferRegion {
    const region = this.header.buffers[this.bufferAt++]
    if (!region) throw notArrow('a batch has fewer buffers than its schema needs')
    return region
  }

  private async within(region: BufferRegion, at: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0)
    if (at < 0 || at + length > region.length) throw notArrow('a batch points outside of itself')
    const bytes = await this.read(region.offset + at, length)
    if (bytes.length === length) return bytes
    throw notArrow('a batch points outside of itself')
  }

  private add(bytes: Uint8Array): void {
    this.regions.push(new BufferRegion(this.bytes, bytes.length))
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT
    this.parts.push(bytes, new Uint8Array(padding))
    this.bytes += bytes.length + padding
  }
}

function widthOf(type: DataType): number {
  switch (type.typeId as Type) {
    case Type.Int:
      return (type as Int).bitWidth / 8
    case Type.Float:
      return [2, 4, 8][(type as {precision: number} & DataType).precision]!
    case Type.Decimal:
      return (type as Decimal).bitWidth / 8
    case Type.Date:
      return (type as {unit: number} & DataType).unit === 0 ? 4 : 8
    case Type.Time:
      return (type as Time).bitWidth / 8
    case Type.Timestamp:
    case Type.Duration:
      return 8
    case Type.Interval:
      return [4, 8, 16][(type as Interval).unit]!
    case Type.FixedSizeBinary:
      return (type as FixedSizeBinary).byteWidth
    case Type.Dictionary:
      return (type as Dictionary).indices.bitWidth / 8
    default:
      throw unsupported(type)
  }
}
