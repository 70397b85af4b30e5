import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {jsonOf} from '../../../src/lib/cells/cell-json.js'
import {remoteRows} from '../../../src/lib/remote/remote-rows.js'
import {scanShape} from '../../../src/lib/remote/scan-shape.js'
import {admissionProblems, bareStatement} from '../../../src/lib/remote/server-sql.js'
import {parseLossless} from '../../../src/lib/wire/lossless-json.js'
import {readQueryAnswer} from '../../../src/lib/wire/query.js'

/** Columns and JSON of an answer whose one column has these cells, as the server writes them. */
async function shown(...cells: string[]): Promise<{type: string; json: string[]}> {
  const text = `{"columns":["x"],"rows":[${cells.map((cell) => `[${cell}]`).join(',')}]}`
  const {columns, batches} = remoteRows(readQueryAnswer(parseLossless(text)))
  const {typeText, type} = columns[0]!
  const json: string[] = []
  for await (const batch of batches) json.push(...batch.columns[0]!.map(jsonOf(type)))
  return {type: typeText, json}
}

describe('remoteRows', () => {
  it.each([
    ['BIGINT', ['1', '-9223372036854775808', 'null'], ['1', '-9223372036854775808', 'null']],
    ['HUGEINT', ['9223372036854775808'], ['9223372036854775808']],
    ['BIGNUM', [`1${'0'.repeat(40)}`], [`1${'0'.repeat(40)}`]],
    ['DOUBLE', ['0.1', '1.0', '1e300'], ['0.1', '1', '1e+300']],
    ['DOUBLE', ['1', '0.5'], ['1', '0.5']],
    ['BOOLEAN', ['true', 'null'], ['true', 'null']],
    ['VARCHAR', ['"1.50"', '"ž"'], ['"1.50"', '"ž"']],
    ['NULL', ['null', 'null'], ['null', 'null']],
    ['JSON', ['9007199254740993', '0.5'], ['"9007199254740993"', '"0.5"']],
    ['JSON', ['{"a":[9007199254740993,"b"]}'], ['"{\\"a\\":[9007199254740993,\\"b\\"]}"']],
  ])('names a column %s', async (type, cells, json) => {
    expect(await shown(...cells)).toEqual({type, json})
  })

  it('keeps repeated names, and columns without rows', () => {
    const body = {columns: ['a', 'a'], rows: []}
    expect(remoteRows(readQueryAnswer(body)).columns.map(({name}) => name)).toEqual(['a', 'a'])
  })

  it('gives every row once, in order, however many there are', async () => {
    const rows = Array.from({length: 5000}, (_, index) => [BigInt(index)])
    const read: unknown[] = []
    for await (const batch of remoteRows(readQueryAnswer({columns: ['n'], rows})).batches) {
      expect(batch.columns[0]).toHaveLength(batch.rowCount)
      read.push(...batch.columns[0]!)
    }
    expect(read).toEqual(rows.flat())
  })
})

describe('reading SQL', () => {
  it('never fails, whatever the text', () => {
    const piece = fc.constantFrom(
      ...[
        "'",
        '"',
        '`',
        '--',
        '/*',
        '*/',
        '(',
        ')',
        ';',
        '$$',
        'SELECT ',
        ' FROM ',
        'where',
        't',
        '\n',
      ],
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (sql) => {
        scanShape(sql)
        admissionProblems(sql)
        expect(sql).toContain(bareStatement(sql))
      }),
    )
  })
})
