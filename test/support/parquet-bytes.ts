/**
 * A Parquet file of exactly `sizeBytes` with a readable footer and seeded filling in place of pages.
 * Enough for everything that looks at the envelope; not for reading rows.
 */
export function parquetBytes(
  sizeBytes: number,
  options: {rows?: number; seed?: number} = {},
): Buffer {
  const {rows = 1000, seed = 1} = options
  const footer = footerBytes(rows)
  const bytes = Buffer.alloc(sizeBytes)
  const filling = bytes.subarray(4, sizeBytes - footer.length - 8)
  let state = seed * 2654435761
  for (let at = 0; at + 4 <= filling.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    filling.writeUInt32LE(state, at)
  }
  bytes.write('PAR1', 0, 'latin1')
  footer.copy(bytes, sizeBytes - footer.length - 8)
  bytes.writeUInt32LE(footer.length, sizeBytes - 8)
  bytes.write('PAR1', sizeBytes - 4, 'latin1')
  return bytes
}

/** `FileMetaData` with one schema element and one row group without columns, in compact Thrift. */
export function footerBytes(rows: number): Buffer {
  const count = varint(rows * 2)
  return Buffer.from([
    ...[0x15, 0x02], // 1: version 1
    ...[0x19, 0x1c, 0x48, 0x04, ...Buffer.from('root'), 0x00], // 2: schema
    ...[0x16, ...count], // 3: num_rows
    ...[0x19, 0x1c, 0x19, 0x0c, 0x16, 0x00, 0x16, ...count, 0x00], // 4: row_groups
    0x00,
  ])
}

export function varint(value: number): number[] {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left]
    bytes.push((left % 128) | 0x80)
  }
}
