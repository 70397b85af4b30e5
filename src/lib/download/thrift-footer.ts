/**
 * A walk over a Parquet footer (Thrift's compact encoding) that builds nothing. The envelope reader of
 * parquetjs-lite trusts every length it reads: a few hostile bytes make it loop for ever or fill the
 * memory. So the shape is walked first, within the footer's own bytes.
 */
export interface FooterShape {
  rows: number
  rowGroups: number
  /** Rows of all row groups together. */
  rowGroupRows: number
  /** Structures in the whole footer: what a reader would build. */
  structures: number
}

const MAX_DEPTH = 32
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
] as const

/** The structures that hold lists, and their fields as the Parquet format numbers them. */
type Kind = 'file' | 'rowGroup' | 'columnChunk' | 'columnMeta' | 'other'
const FILE_ROWS = 3
const FILE_ROW_GROUPS = 4
const GROUP_ROWS = 3

/** What lists must consist of: the library reads elements as these whatever the list says. */
const ELEMENT_TYPES: Partial<Record<Kind, Readonly<Record<number, number>>>> = {
  file: {2: STRUCT, 4: STRUCT, 5: STRUCT, 7: STRUCT},
  rowGroup: {1: STRUCT, 4: STRUCT},
  columnMeta: {2: I32, 3: BINARY, 8: STRUCT, 13: STRUCT},
}
const KINDS_INSIDE: Partial<Record<Kind, Readonly<Record<number, Kind>>>> = {
  rowGroup: {1: 'columnChunk'},
  columnChunk: {3: 'columnMeta'},
}

class BadFooter extends Error {}

/** `undefined` when the bytes are not a footer. */
export function walkFooter(bytes: Uint8Array): FooterShape | undefined {
  const walker = new Walker(bytes)
  try {
    return walker.file()
  } catch (error) {
    if (error instanceof BadFooter) return undefined
    throw error
  }
}

class Walker {
  private at = 0
  private structures = 0

  constructor(private readonly bytes: Uint8Array) {}

  file(): FooterShape {
    let rows: number | undefined
    let groups: {count: number; rows: number} | undefined
    this.struct('file', 1, (field, type) => {
      if (field === FILE_ROWS && type === I64) rows = this.integer()
      else if (field === FILE_ROW_GROUPS && type === LIST) groups = this.rowGroups()
      else return false
      return true
    })
    if (rows === undefined || groups === undefined || rows < 0) throw new BadFooter()
    return {rows, rowGroups: groups.count, rowGroupRows: groups.rows, structures: this.structures}
  }

  private rowGroups(): {count: number; rows: number} {
    const count = this.listHeader(STRUCT).count
    let rows = 0
    for (let index = 0; index < count; index++)
      this.struct('rowGroup', 2, (field, type) => {
        if (field !== GROUP_ROWS || type !== I64) return false
        rows += this.integer()
        return true
      })
    return {count, rows}
  }

  /** `take` reads a field it knows and says so; the others are stepped over. */
  private struct(kind: Kind, depth: number, take?: (field: number, type: number) => boolean): void {
    if (depth > MAX_DEPTH) throw new BadFooter()
    this.structures++
    for (let field = 0; ;) {
      const header = this.byte()
      const type = header & 0x0f
      if (type === STOP) return
      field = header >> 4 === 0 ? this.integer() : field + (header >> 4)
      if (type === TRUE || type === FALSE || take?.(field, type)) continue
      this.skip(type, depth + 1, {
        kind: KINDS_INSIDE[kind]?.[field] ?? 'other',
        elements: ELEMENT_TYPES[kind]?.[field],
      })
    }
  }

  private skip(
    type: number,
    depth: number,
    inside: {kind: Kind; elements?: number | undefined},
  ): void {
    if (type === STRUCT) this.struct(inside.kind, depth)
    else if (type === LIST || type === SET) this.skipList(depth, inside)
    else if (type === MAP) this.skipMap(depth)
    else this.skipScalar(type)
  }

  private skipScalar(type: number): void {
    if (type === BYTE) this.advance(1)
    else if (type === DOUBLE) this.advance(8)
    else if (type === BINARY) this.advance(this.varint())
    else if (type === I16 || type === I32 || type === I64) this.varint()
    else throw new BadFooter()
  }

  private skipList(depth: number, inside: {kind: Kind; elements?: number | undefined}): void {
    const {type, count} = this.listHeader(inside.elements)
    for (let index = 0; index < count; index++) this.skipElement(type, depth, inside.kind)
  }

  private skipMap(depth: number): void {
    const count = this.varint()
    if (count === 0) return
    const types = this.byte()
    if (count > this.bytes.length - this.at) throw new BadFooter()
    for (let index = 0; index < count; index++) {
      this.skipElement(types >> 4, depth, 'other')
      this.skipElement(types & 0x0f, depth, 'other')
    }
  }

  /** Inside a collection a boolean takes a byte of its own. */
  private skipElement(type: number, depth: number, kind: Kind): void {
    if (depth > MAX_DEPTH) throw new BadFooter()
    if (type === TRUE || type === FALSE) this.advance(1)
    else this.skip(type, depth + 1, {kind})
  }

  /** Every element takes at least one byte, so no honest list is longer than what is left. */
  private listHeader(elements: number | undefined): {type: number; count: number} {
    const header = this.byte()
    const type = header & 0x0f
    const count = header >> 4 === 15 ? this.varint() : header >> 4
    if (count > this.bytes.length - this.at) throw new BadFooter()
    if (elements !== undefined && elements !== type && count > 0) throw new BadFooter()
    return {type, count}
  }

  private integer(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Up to 10 bytes; beyond 2^53 only the order of magnitude matters here. */
  private varint(): number {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** (7 * shift)
      if (byte < 0x80) return value
    }
    throw new BadFooter()
  }

  private byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw new BadFooter()
    return value
  }

  private advance(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw new BadFooter()
  }
}
