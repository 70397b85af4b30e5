import {createHash, randomBytes} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {folderStore, noEngine} from '../support/folder-store.js'
import {tempDir} from '../support/temp-dir.js'

async function serveOrders(bytes = randomBytes(3_000_000)) {
  const dir = await tempDir()
  await writeFile(join(dir, 'orders.parquet'), bytes)
  await writeFile(join(dir, 'secret.parquet'), 'PAR1secretPAR1')
  const server = await startEmbeddedServer({
    dir,
    openData: async () => ({store: await folderStore(dir), engine: noEngine}),
  })
  await server.grant('orders')
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(server.url + path, {
      headers: {authorization: `Bearer ${server.analystToken}`, ...headers},
    })
  return {server, bytes, get}
}

describe('GET /api/data/:table/download', () => {
  it('serves the bytes the manifest promises', async () => {
    const {get, bytes} = await serveOrders()
    const manifest = (await (await get('/api/sync/manifest')).json()) as any
    expect(Object.keys(manifest.tables)).toEqual(['orders'])
    const response = await get('/api/data/orders/download')
    const body = Buffer.from(await response.arrayBuffer())
    expect(body.equals(bytes)).toBe(true)
    expect(createHash('md5').update(body).digest('hex')).toBe(manifest.tables.orders.hash)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="orders.parquet"',
      etag: expect.stringMatching(/^"\d{19}"$/),
      'x-agnes-latest-version': '0.48.0',
    })
  })
})
