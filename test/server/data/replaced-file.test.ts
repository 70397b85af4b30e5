import {createHash} from 'node:crypto'
import {mkdir, rename} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../../support/embedded-server.js'
import {tempDir} from '../../support/temp-dir.js'
import {onDatabase, writeParquet} from '../../support/engine.js'
import {META} from './open-store.js'

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

/** A server over one extract: a table of one file and one of parts. */
async function serveShop() {
  const dir = await tempDir()
  const data = join(dir, 'extracts/shop/data')
  const write = async (path: string, rows: number) => {
    const target = join(data, path)
    await mkdir(dirname(target), {recursive: true})
    // As extractors do: whole beside it, then renamed.
    await writeParquet(`FROM range(${rows})`, `${target}.next`)
    await rename(`${target}.next`, target)
  }
  await write('orders.parquet', 3)
  await write('visits/month=1/data.parquet', 3)
  const row = (name: string) => `'${name}', '', 3, 100, TIMESTAMP '2026-05-01 04:05:06', 'local'`
  await onDatabase(
    join(dir, 'extracts/shop/extract.duckdb'),
    META,
    `INSERT INTO _meta VALUES (${row('orders')}), (${row('visits')})`,
  )
  const server = await startEmbeddedServer({dir})
  const tables = async () => (await server.call('GET', '/api/sync/manifest')).body.tables
  const download = async (path: string) => {
    const headers = {authorization: `Bearer ${server.adminToken}`}
    const response = await fetch(`${server.url}/api/data/${path}`, {headers})
    return Buffer.from(await response.arrayBuffer())
  }
  return {write, tables, download}
}

describe('a file that was replaced without a word to the server', () => {
  it('is in the manifest as soon as it is handed out', async () => {
    const {write, tables, download} = await serveShop()
    const {orders: before} = await tables()
    expect(md5(await download('orders/download'))).toBe(before.hash)
    await write('orders.parquet', 4)
    const bytes = await download('orders/download')
    const {orders} = await tables()
    expect(orders).toMatchObject({hash: md5(bytes), size_bytes: bytes.length})
    expect(orders.hash).not.toBe(before.hash)
  })

  it('is so as a part of a table, too', async () => {
    const {write, tables, download} = await serveShop()
    const {visits: before} = await tables()
    await write('visits/month=1/data.parquet', 4)
    const bytes = await download('visits/download?part=month%3D1%2Fdata.parquet')
    const {visits} = await tables()
    expect(visits.parts).toMatchObject([{hash: md5(bytes), size_bytes: bytes.length}])
    expect(visits.hash).not.toBe(before.hash)
  })
})
