import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {RowStream} from '../../../src/lib/ports/warehouse.js'
import {limitRows} from '../../../src/lib/query/limit-rows.js'
import {editDistance, nearestNames} from '../../../src/lib/query/nearest-names.js'
import {guardLeadingComment} from '../../../src/lib/query/sql-source.js'
import {uniqueNames} from '../../../src/lib/query/unique-names.js'

function streamOf(sizes: readonly number[]): {stream: RowStream; read: () => number} {
  let batches = 0
  async function* rows() {
    for (const size of sizes) {
      batches++
      yield {rowCount: size, columns: [Array.from({length: size}, (_, row) => row)]}
    }
  }
  const column = {name: 'x', typeText: 'INTEGER', type: {kind: 'integer'} as const}
  return {stream: {columns: [column], batches: rows()}, read: () => batches}
}

describe('limitRows', () => {
  it('gives at most the limit, and says whether there was more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({min: 1, max: 5})), fc.nat(30), async (sizes, limit) => {
        const total = sizes.reduce((sum, size) => sum + size, 0)
        const {batches, outcome} = limitRows(streamOf(sizes).stream, limit)
        let rows = 0
        for await (const batch of batches) {
          rows += batch.rowCount
          expect(batch.columns[0]).toHaveLength(batch.rowCount)
        }
        expect([rows, outcome.rowCount]).toEqual([Math.min(total, limit), Math.min(total, limit)])
        expect(outcome.isTruncated).toBe(total > limit)
      }),
    )
  })

  it('reads no more than one batch beyond what it gives', async () => {
    const {stream, read} = streamOf([2, 2, 2, 2])
    for await (const _batch of limitRows(stream, 2).batches) continue
    expect(read()).toBe(2)
  })
})

describe('uniqueNames', () => {
  it('makes names differ whatever their case, keeping each that can stay', () => {
    expect(uniqueNames(['x', 'X', 'x_2', 'y', 'x'])).toEqual(['x', 'X_3', 'x_2', 'y', 'x_4'])
    const name = fc.stringMatching(/^[xX](_[23])?$/)
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const unique = uniqueNames(names)
        expect(new Set(unique.map((text) => text.toLowerCase())).size).toBe(names.length)
      }),
    )
  })
})

describe('nearestNames', () => {
  it.each([
    ['ordrs', ['orders', 'order_lines', 'customers'], ['orders']],
    ['ORDERS', ['orders'], ['orders']],
    ['lines', ['order_lines', 'orders'], ['order_lines']],
    ['zzz', ['orders'], []],
  ])('of %s among %j are %j', (wanted, names, near) => {
    expect(nearestNames(wanted, names)).toEqual(near)
  })

  it('measures single edits', () => {
    expect([
      editDistance('kitten', 'sitting'),
      editDistance('', 'abc'),
      editDistance('a', 'a'),
    ]).toEqual([3, 3, 0])
  })
})

describe('guardLeadingComment', () => {
  it.each([
    [['-- all\nSELECT 1'], ['--sql=-- all\nSELECT 1']],
    [
      ['--all orders\nSELECT 1', '--json'],
      ['--sql=--all orders\nSELECT 1', '--json'],
    ],
    [
      ['--sql', '-- x\nSELECT 1'],
      ['--sql', '-- x\nSELECT 1'],
    ],
    [
      ['--out=my file.csv', 'SELECT 1'],
      ['--out=my file.csv', 'SELECT 1'],
    ],
    [
      ['--', '-- x\nSELECT 1'],
      ['--', '-- x\nSELECT 1'],
    ],
    [
      ['SELECT 1', '--limit', '5'],
      ['SELECT 1', '--limit', '5'],
    ],
  ])('turns %j into %j', (argv, guarded) => {
    expect(guardLeadingComment(argv)).toEqual(guarded)
  })
})
