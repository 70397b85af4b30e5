import {createHash, randomBytes} from 'node:crypto'
import {rename, stat, utimes, writeFile} from 'node:fs/promises'
import {connect} from 'node:net'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {startEmbeddedServer} from '../support/embedded-server.js'
import {folderStore, noEngine} from '../support/folder-store.js'
import {tempDir} from '../support/temp-dir.js'

const SIZE = 3_000_000

async function serveOrders() {
  const dir = await tempDir()
  const bytes = randomBytes(SIZE)
  await writeFile(join(dir, 'orders.parquet'), bytes)
  await writeFile(join(dir, 'secret.parquet'), 'PAR1secretPAR1')
  await writeFile(join(dir, 'empty.parquet'), '')
  const server = await startEmbeddedServer({
    dir,
    openData: async () => ({store: await folderStore(dir), engine: noEngine}),
  })
  await server.grant('orders', 'ghost', 'empty')
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(server.url + path, {
      method,
      headers: {authorization: `Bearer ${server.analystToken}`, ...headers},
    })
  return {server, dir, bytes, get}
}

const ORDERS = '/api/data/orders/download'

describe('GET /api/data/:table/download', () => {
  it('serves the bytes the manifest promises', async () => {
    const {get, bytes} = await serveOrders()
    const manifest = (await (await get('/api/sync/manifest')).json()) as any
    expect(Object.keys(manifest.tables)).toEqual(['empty', 'orders'])
    const response = await get(ORDERS)
    const body = Buffer.from(await response.arrayBuffer())
    expect(body.equals(bytes)).toBe(true)
    expect(createHash('md5').update(body).digest('hex')).toBe(manifest.tables.orders.hash)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(SIZE),
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename="orders.parquet"',
      etag: expect.stringMatching(/^"\d{19}"$/),
      'last-modified': expect.stringContaining('GMT'),
      'x-agnes-latest-version': '0.48.0',
      'x-request-id': expect.stringMatching(/^[0-9a-f]{12}$/),
    })
    expect(response.headers.has('content-encoding')).toBe(false)
  })

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=100-', 100, SIZE - 1],
    ['bytes=-7', SIZE - 7, SIZE - 1],
    ['bytes=5-99999999', 5, SIZE - 1],
    ['bytes=1048570-2097160', 1_048_570, 2_097_160],
    [`bytes=-${SIZE + 1}`, 0, SIZE - 1],
  ])('answers %s with exactly those bytes', async (range, first, last) => {
    const {get, bytes} = await serveOrders()
    const response = await get(ORDERS, {range})
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${SIZE}`)
    const body = Buffer.from(await response.arrayBuffer())
    expect(body.equals(bytes.subarray(first, last + 1))).toBe(true)
  })

  it('answers several ranges as multipart with the announced length', async () => {
    const {get, bytes} = await serveOrders()
    const response = await get(ORDERS, {range: 'bytes=0-3,10-12'})
    expect(response.status).toBe(206)
    const type = response.headers.get('content-type') ?? ''
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(type)?.[1]
    const body = Buffer.from(await response.arrayBuffer())
    expect(body.length).toBe(Number(response.headers.get('content-length')))
    const part = (first: number, last: number) =>
      `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${first}-${last}/${SIZE}\r\n\r\n` +
      `${bytes.subarray(first, last + 1).toString('latin1')}\r\n`
    expect(body.toString('latin1')).toBe(`${part(0, 3)}${part(10, 12)}--${boundary}--`)
  })

  it.each([
    [`bytes=${SIZE}-`, 416],
    ['bytes=9-3', 400],
    ['lines=1-2', 400],
    ['bytes=', 400],
    ['bytes=abc', 400],
  ])('refuses %s with %i in plain text', async (range, status) => {
    const {get} = await serveOrders()
    const response = await get(ORDERS, {range})
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toContain('text/plain')
    if (status === 416) expect(response.headers.get('content-range')).toBe(`bytes */${SIZE}`)
  })

  it('honours a range only while If-Range still names the file', async () => {
    const {get, dir} = await serveOrders()
    const first = await get(ORDERS, {range: 'bytes=0-9'})
    await first.arrayBuffer()
    const etag = first.headers.get('etag') ?? ''
    const modified = first.headers.get('last-modified') ?? ''
    const statusOf = async (ifRange: string) => {
      const response = await get(ORDERS, {range: 'bytes=10-19', 'if-range': ifRange})
      await response.arrayBuffer()
      return response.status
    }
    expect([await statusOf(etag), await statusOf(modified), await statusOf('"other"')]).toEqual([
      206, 206, 200,
    ])
    await writeFile(join(dir, 'next'), randomBytes(SIZE))
    await utimes(join(dir, 'next'), 1_700_000_000, 1_700_000_000)
    await rename(join(dir, 'next'), join(dir, 'orders.parquet'))
    expect([await statusOf(etag), await statusOf(modified)]).toEqual([200, 200])
  })

  it('answers 304 without an ETag to the very ETag it gave, and to nothing else', async () => {
    const {get} = await serveOrders()
    const etag = (await get(ORDERS, {range: 'bytes=0-0'})).headers.get('etag') ?? ''
    const known = await get(ORDERS, {'if-none-match': etag})
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, null, ''])
    for (const other of [`W/${etag}`, `${etag}, "x"`, '*'])
      expect((await get(ORDERS, {'if-none-match': other})).status).toBe(200)
  })

  it('sends one file whole even when it is replaced in the middle', async () => {
    const {server, dir, bytes} = await serveOrders()
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.pause()
    socket.write(
      `GET ${ORDERS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer ${server.analystToken}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('readable', resolve))
    await writeFile(join(dir, 'next'), randomBytes(SIZE))
    await rename(join(dir, 'next'), join(dir, 'orders.parquet'))
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).subarray(-SIZE).equals(bytes)).toBe(true)
  })

  it('serves an empty file as an empty body', async () => {
    const {get} = await serveOrders()
    const response = await get('/api/data/empty/download')
    expect([
      response.status,
      response.headers.get('content-length'),
      await response.text(),
    ]).toEqual([200, '0', ''])
  })

  it('survives a reader who leaves in the middle', async () => {
    const {server, get, bytes} = await serveOrders()
    for (let i = 0; i < 5; i++) {
      const leaving = new AbortController()
      const response = await fetch(server.url + ORDERS, {
        headers: {authorization: `Bearer ${server.analystToken}`},
        signal: leaving.signal,
      })
      await response.body?.getReader().read()
      leaving.abort()
    }
    const body = Buffer.from(await (await get(ORDERS)).arrayBuffer())
    expect(body.equals(bytes)).toBe(true)
    expect(server.logged).toEqual([])
  })

  it.each([
    ['/api/data/secret/download', 403, 'Access denied to this table'],
    ['/api/data/nothing/download', 403, 'Access denied to this table'],
    ['/api/data/ghost/download', 404, "Table 'ghost' not found"],
    ['/api/data/..%2Fsecret/download', 404, 'Table not found'],
    ['/api/data/a%00b/download', 404, 'Table not found'],
    [`/api/data/${'x'.repeat(4096)}/download`, 404, 'Table not found'],
    ['/api/data/orders/download?part=x.parquet', 404, 'Part not found'],
    ['/api/data/orders/download?part=../secret.parquet', 404, 'Part not found'],
  ])('refuses %s with %i', async (path, status, detail) => {
    const {get} = await serveOrders()
    const response = await get(path)
    expect([response.status, await response.json()]).toEqual([status, {detail}])
  })

  it('answers HEAD with 405 and what is allowed', async () => {
    const {get} = await serveOrders()
    const response = await get(ORDERS, {}, 'HEAD')
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  })
})

describe('a table in parts', () => {
  async function serveParts(size: number) {
    const dir = await tempDir()
    const bytes = randomBytes(size)
    const file = join(dir, 'data.parquet')
    await writeFile(file, bytes)
    const {mtimeMs} = await stat(file)
    const md5 = createHash('md5').update(bytes).digest('hex')
    const store = await folderStore(dir)
    const table = {
      id: 'tickets',
      name: 'tickets',
      source: 's',
      sourceType: 'jira',
      description: '',
      queryMode: 'local' as const,
      serverOnly: false,
      rows: 3,
      sizeBytes: size,
      hash: 'f'.repeat(32),
      updated: '2026-01-31T12:00:00.000000',
      file: null,
      mtimeMs: null,
      parts: [{path: 'month=2026-01/data.parquet', file, md5, sizeBytes: size, mtimeMs}],
      partitionBy: 'month',
      clusteredBy: [],
    }
    const tables = [table, {...table, id: 'hidden', name: 'hidden', serverOnly: true}]
    const server = await startEmbeddedServer({
      dir,
      openData: async () => ({store: {...store, tables: () => tables}, engine: noEngine}),
    })
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(server.url + path, {
        headers: {authorization: `Bearer ${server.adminToken}`, ...headers},
      })
    return {server, get, bytes, md5}
  }
  const PART = '/api/data/tickets/download?part=month=2026-01/data.parquet'

  it('lists parts with their hashes, and says what stays on the server', async () => {
    const {server, md5} = await serveParts(1000)
    const {body} = await server.call('GET', '/api/sync/manifest')
    expect(body.tables.tickets).toMatchObject({
      hash: 'f'.repeat(32),
      server_only: false,
      parts: [{path: 'month=2026-01/data.parquet', hash: md5, size_bytes: 1000}],
    })
    expect(body.tables.hidden.server_only).toBe(true)
    const refused = await server.call('GET', '/api/data/hidden/download')
    expect(refused.status).toBe(403)
  })

  it('describes a small part by the MD5 of what it sends', async () => {
    const {get, bytes, md5} = await serveParts(1000)
    for (const path of [
      PART,
      PART.replaceAll('=2026', '%3D2026').replace('/data.p', '%2Fdata.p'),
    ]) {
      const response = await get(path)
      expect(response.headers.get('x-agnes-content-md5')).toBe(md5)
      expect(response.headers.get('content-disposition')).toBe(
        'attachment; filename="data.parquet"',
      )
      expect(response.headers.has('accept-ranges')).toBe(false)
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    }
  })

  it('sends ranges and big parts like any file', async () => {
    const {get, bytes} = await serveParts((8 << 20) + 1)
    const whole = await get(PART)
    expect(whole.headers.has('x-agnes-content-md5')).toBe(false)
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    const range = await get(PART, {range: 'bytes=3-5'})
    expect([range.status, Buffer.from(await range.arrayBuffer())]).toEqual([
      206,
      bytes.subarray(3, 6),
    ])
  })

  it('has no whole file', async () => {
    const {server} = await serveParts(10)
    const answer = await server.call('GET', '/api/data/tickets/download')
    expect([answer.status, answer.body.detail]).toEqual([404, "Table 'tickets' not found"])
  })
})
