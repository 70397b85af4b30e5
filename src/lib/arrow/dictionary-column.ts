import type {Data} from 'apache-arrow'
import type {ColumnData} from '../ports/warehouse.js'
import {unsupported} from './arrow-sql-type.js'

type Leaf = Extract<ColumnData, {layout: 'bytes' | 'fixed'}>

/** The values a dictionary column stands for, written out. */
export function dictionaryColumn(
  data: Data,
  validity: Uint8Array | null,
  convert: (data: Data) => ColumnData,
): ColumnData {
  const entries: {leaf: Leaf; index: number}[] = []
  for (const part of data.dictionary?.data ?? []) {
    const leaf = convert(part)
    if (leaf.layout !== 'bytes' && leaf.layout !== 'fixed') throw unsupported(data.type)
    for (let index = 0; index < part.length; index++) entries.push({leaf, index})
  }
  const indexes = data.values as ArrayLike<number | bigint>
  const isKnown = (row: number) => !validity || (validity[row >> 3]! & (1 << (row & 7))) !== 0
  const chosen = Array.from({length: data.length}, (_, row) =>
    isKnown(row) ? entries[Number(indexes[row])] : undefined,
  )
  const mask = new Uint8Array((data.length + 7) >> 3)
  for (const [row, entry] of chosen.entries())
    if (entry && isPresent(entry)) mask[row >> 3]! |= 1 << (row & 7)
  const layout = entries[0]?.leaf.layout ?? convert(emptyOf(data)).layout
  return layout === 'fixed' ? gatherFixed(chosen, mask) : gatherBytes(chosen, mask)
}

type Chosen = readonly ({leaf: Leaf; index: number} | undefined)[]

function isPresent({leaf: {validity}, index}: {leaf: Leaf; index: number}): boolean {
  return !validity || (validity[index >> 3]! & (1 << (index & 7))) !== 0
}

function emptyOf(data: Data): Data {
  return data.dictionary!.data[0] ?? data
}

function gatherFixed(chosen: Chosen, validity: Uint8Array): ColumnData {
  const first = chosen.find((entry) => entry !== undefined)?.leaf
  const width = first?.layout === 'fixed' ? first.width : 8
  const data = new Uint8Array(chosen.length * width)
  for (const [row, entry] of chosen.entries())
    if (entry)
      data.set(
        entry.leaf.data.subarray(entry.index * width, (entry.index + 1) * width),
        row * width,
      )
  return {layout: 'fixed', width, data, validity}
}

function gatherBytes(chosen: Chosen, validity: Uint8Array): ColumnData {
  const offsets = new Int32Array(chosen.length + 1)
  const parts = chosen.map((entry, row) => {
    const part = entry && entry.leaf.layout === 'bytes' ? valueOf(entry.leaf, entry.index) : EMPTY
    offsets[row + 1] = offsets[row]! + part.length
    return part
  })
  return {layout: 'bytes', offsets, data: Buffer.concat(parts), validity}
}

const EMPTY = new Uint8Array(0)

function valueOf({offsets, data}: Extract<Leaf, {layout: 'bytes'}>, index: number): Uint8Array {
  return data.subarray(offsets[index]!, offsets[index + 1]!)
}
