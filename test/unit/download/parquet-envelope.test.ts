import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {readParquetEnvelope} from '../../../src/lib/download/parquet-envelope.js'
import {walkFooter} from '../../../src/lib/download/thrift-footer.js'
import {IntegrityError} from '../../../src/lib/errors.js'
import {footerBytes, parquetBytes, varint} from '../../support/parquet-bytes.js'
import {repositoryRoot} from '../../support/run-cli.js'
import {recorded, recordedBytes, recordedVersions} from '../../support/recorded.js'

const read = (bytes: Buffer) =>
  readParquetEnvelope({
    sizeBytes: bytes.length,
    read: async (position, length) => bytes.subarray(position, position + length),
  })

function fileWith(footer: Uint8Array, footerLength = footer.length): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(footerLength, 0)
  trailer.write('PAR1', 4)
  return Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(10), footer, trailer])
}

/** `FileMetaData` whose unknown field 9 has this type and content. */
function footerWith(type: number, content: number[]): Buffer {
  const plain = [...footerBytes(5)].slice(0, -1)
  return Buffer.from([...plain, 0x50 | type, ...content, 0])
}

const huge = varint(2 ** 31 - 1)

describe('readParquetEnvelope', () => {
  it('reads real files', async () => {
    const flights = join(repositoryRoot, 'node_modules/vega-datasets/data/flights-3m.parquet')
    expect(await read(await readFile(flights))).toMatchObject({rows: 3_000_000})
    for (const version of recordedVersions) {
      const whole = recorded(version).find(
        ({request, response}) =>
          request.path === '/api/data/weather/download' && response.status === 200,
      )
      expect((await read(recordedBytes(whole!.response.body))).rows).toBe(1461)
    }
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['tiny', Buffer.from('PAR1PAR1')],
    [
      'without its first mark',
      Buffer.concat([Buffer.from('XAR1'), parquetBytes(1000).subarray(4)]),
    ],
    [
      'without its last mark',
      Buffer.concat([parquetBytes(1000).subarray(0, 996), Buffer.from('PARX')]),
    ],
    ['encrypted', Buffer.concat([parquetBytes(1000).subarray(0, 996), Buffer.from('PARE')])],
    ['with a footer longer than itself', fileWith(footerBytes(1), 1_000_000)],
    ['with the longest possible footer', fileWith(footerBytes(1), 0xffffffff)],
    ['with an empty footer', fileWith(Buffer.alloc(0))],
    ['with zeros for a footer', fileWith(Buffer.alloc(1000))],
    ['with a footer of 0xff', fileWith(Buffer.alloc(1000, 0xff))],
    ['with a footer that ends too early', fileWith(footerBytes(100).subarray(0, -3))],
    [
      'with row groups that do not add up',
      fileWith(Buffer.from([...footerBytes(10)].map((byte, at) => (at === 12 ? 22 : byte)))),
    ],
    ['with an endless list of nothing', fileWith(footerWith(9, [0xf0, ...huge]))],
    ['with an endless map of nothing', fileWith(footerWith(11, [...huge, 0x00]))],
    ['with a list longer than the file', fileWith(footerWith(9, [0xfc, ...huge]))],
    ['with a text longer than the file', fileWith(footerWith(8, huge))],
    ['with structures without end', fileWith(footerWith(12, Array<number>(5000).fill(0x1c)))],
    ['with lists in lists without end', fileWith(footerWith(9, Array<number>(5000).fill(0x19)))],
    [
      'with a list of the wrong things',
      fileWith(Buffer.from([0x15, 2, 0x19, 0xf0, ...huge, 0, 0x16, 2, 0x19, 0x0c, 0])),
    ],
    ['with an unknown type', fileWith(footerWith(14, [1, 2, 3]))],
    ['with a number without end', fileWith(footerWith(6, Array<number>(20).fill(0xff)))],
  ])('refuses a file %s', async (_, bytes) => {
    const started = performance.now()
    const failure = await read(bytes).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(IntegrityError)
    expect(failure).toMatchObject({code: 'not_parquet', exitCode: 10})
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('ends for any damage to a footer, with its facts or a refusal', async () => {
    const good = [...footerBytes(123_456)]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {minLength: 1, maxLength: 4}),
        async (damages) => {
          const footer = Buffer.from(good)
          for (const [at, value] of damages) footer[at] = value
          const outcome = await read(fileWith(footer)).catch((error: unknown) => error)
          if (!(outcome instanceof IntegrityError)) expect(outcome).toHaveProperty('rows')
        },
      ),
      {numRuns: 500},
    )
  })

  it('takes any bytes for a footer without harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 300}), (footer) => {
        const shape = walkFooter(footer)
        if (shape) expect(shape.structures).toBeLessThanOrEqual(footer.length)
      }),
      {numRuns: 2000},
    )
  })
})
