import {gzipSync} from 'node:zlib'
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {tmpdir} from 'node:os'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {startEmbeddedServer, type EmbeddedServer} from '../support/embedded-server.js'
import {noData} from '../support/folder-store.js'

let server: EmbeddedServer
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-test-'))
  server = await startEmbeddedServer({dir, openData: noData, isShared: true})
})
afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true})
})

function send(path: string, files: [string, Uint8Array | string][], field = 'file') {
  const form = new FormData()
  for (const [name, content] of files)
    form.append(field, new Blob([content as Uint8Array<ArrayBuffer>]), name)
  return fetch(server.url + path, {
    method: 'POST',
    headers: {authorization: `Bearer ${server.analystToken}`},
    body: form,
  })
}

async function stored(kind: string): Promise<Record<string, string>> {
  const folder = join(server.dir, 'uploads/analyst-0000', kind)
  const names = await readdir(folder).catch(() => [])
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')]),
    ),
  )
}

const SESSIONS = '/api/upload/sessions'

describe('uploads', () => {
  it('keeps a transcript under its name, and the last of several', async () => {
    const first = await send(SESSIONS, [['a.jsonl', '{"n":1}\n']])
    expect(await first.json()).toEqual({status: 'ok', filename: 'a.jsonl', size: 8})
    await send(SESSIONS, [
      ['b.jsonl', 'not this'],
      ['a.jsonl', '{"n":22}\n'],
    ])
    expect(await stored('sessions')).toMatchObject({'a.jsonl': '{"n":22}\n'})
  })

  it('unpacks gzip and tells the unpacked size', async () => {
    const answer = await send(SESSIONS, [['packed.jsonl.gz', gzipSync('x'.repeat(100_000))]])
    expect(await answer.json()).toEqual({status: 'ok', filename: 'packed.jsonl', size: 100_000})
    expect((await stored('sessions'))['packed.jsonl']).toHaveLength(100_000)
  })

  it.each([
    ['a.jsonl.gz', 'no gzip', 400, 'invalid_gzip'],
    ['a.jsonl.gz', gzipSync('x'.repeat(1000)).subarray(0, 20), 400, 'invalid_gzip'],
    ['a.jsonl.gz', gzipSync(Buffer.alloc((50 << 20) + 1)), 413, 'File too large (max 50MB)'],
    ['.gz', gzipSync('x'), 400, /^filename must match/],
    ['..', 'x', 400, /^filename must match/],
    ['../up.jsonl', 'x', 400, /^filename must match/],
    ['evil name.jsonl', 'x', 400, /^filename must match/],
    ['žluť.jsonl', 'x', 400, /^filename must match/],
    ['x'.repeat(201), 'x', 400, /^filename must match/],
  ])('refuses %s and keeps nothing', async (name, content, status, detail) => {
    const before = await stored('sessions')
    const answer = await send(SESSIONS, [[name, content]])
    expect([answer.status, await answer.json()]).toEqual([
      status,
      {detail: typeof detail === 'string' ? detail : expect.stringMatching(detail)},
    ])
    expect(await stored('sessions')).toEqual(before)
  })

  it('takes 50 MiB and not a byte more', async () => {
    const fits = await send('/api/upload/artifacts', [['fits.bin', new Uint8Array(50 << 20)]])
    expect([fits.status, ((await fits.json()) as any).size]).toEqual([200, 50 << 20])
    const over = await send('/api/upload/artifacts', [['over.bin', new Uint8Array((50 << 20) + 1)]])
    expect([over.status, await over.json()]).toEqual([413, {detail: 'File too large (max 50MB)'}])
  })

  it('asks for the field named file', async () => {
    const answer = await send(SESSIONS, [['a.jsonl', 'x']], 'other')
    expect([answer.status, await answer.json()]).toEqual([
      422,
      {detail: [{type: 'missing', loc: ['body', 'file'], msg: 'Field required', input: null}]},
    ])
  })

  it('keeps one set of notes for each user and counts characters', async () => {
    const token = server.analystToken
    const sent = await server.call('POST', '/api/upload/local-md', {
      token,
      body: {content: 'žlutý 🐎'},
    })
    expect(sent.body).toEqual({status: 'ok', user: 'analyst@example.com', size: 7})
    await server.call('POST', '/api/upload/local-md', {token, body: {content: 'second'}})
    expect(Object.values(await stored('local-md'))).toEqual(['second'])
  })
})

describe('an uploaded Parquet file', () => {
  it('is not published as a table', async () => {
    const own = await startEmbeddedServer()
    await writeFile(join(own.dir, 'orders.csv'), 'id\n1\n')
    await own.store.rescan()
    const form = new FormData()
    form.append(
      'file',
      new Blob([await readFile(own.store.byName('orders')?.file ?? '')]),
      'planted.parquet',
    )
    const headers = {authorization: `Bearer ${own.analystToken}`}
    const sent = await fetch(`${own.url}/api/upload/artifacts`, {
      method: 'POST',
      headers,
      body: form,
    })
    expect(sent.status).toBe(200)
    await own.store.rescan()
    expect(own.store.tables().map(({name}) => name)).toEqual(['orders'])
  })
})

describe('metrics from YAML', () => {
  function importYaml(text: string) {
    const form = new FormData()
    form.append('file', new Blob([text]), 'metrics.yml')
    return fetch(`${server.url}/api/admin/metrics/import`, {
      method: 'POST',
      headers: {authorization: `Bearer ${server.adminToken}`},
      body: form,
    })
  }

  it('come in by the fields of the file, with variants as JSON text', async () => {
    const answer = await importYaml(
      '- {name: mrr, category: revenue, table: orders, sql: select 1, sql_by_plan: select 2}\n- {name: aov, category: sales}\n',
    )
    expect(await answer.json()).toEqual({status: 'imported', count: 2})
    const {body} = await server.call('GET', '/api/metrics/revenue/mrr', {
      token: server.analystToken,
    })
    expect(body).toMatchObject({
      id: 'revenue/mrr',
      display_name: 'mrr',
      table_name: 'orders',
      sql_variants: '{"by_plan":"select 2"}',
      source: 'yaml_import',
    })
    const list = await server.call('GET', '/api/metrics?category=sales')
    expect(list.body).toMatchObject({count: 1, metrics: [{id: 'sales/aov'}]})
    expect((await server.call('DELETE', '/api/admin/metrics/sales/aov')).body).toEqual({
      status: 'deleted',
      id: 'sales/aov',
    })
  })

  it.each([
    ['- {name: a, category: c}\n- {name: b}\n', 'Every metric needs a name and a category'],
    ['', 'The YAML file is empty'],
    ['a: [1', expect.stringMatching(/^Invalid YAML/)],
  ])('come in whole or not at all: %j', async (text, detail) => {
    const answer = await importYaml(text)
    expect([answer.status, await answer.json()]).toEqual([400, {detail}])
    expect((await server.call('GET', '/api/metrics?category=c')).body.count).toBe(0)
  })
})

describe('the registry', () => {
  it('hides a table that was unregistered until it is registered again', async () => {
    const {call} = server
    expect(
      (await call('POST', '/api/admin/register-table', {body: {name: 'Web Orders'}})).body,
    ).toEqual({
      id: 'web_orders',
      name: 'Web Orders',
      status: 'registered',
    })
    const put = await call('PUT', '/api/admin/registry/web_orders', {
      body: {description: 'From the web'},
    })
    expect(put.body).toEqual({id: 'web_orders', updated: ['description']})
    const {body} = await call('GET', '/api/admin/registry')
    expect(body).toMatchObject({
      count: 1,
      tables: [{id: 'web_orders', description: 'From the web'}],
    })
    expect((await call('PUT', '/api/admin/registry/web_orders')).body.updated).toEqual([])
    expect((await call('DELETE', '/api/admin/registry/web_orders')).status).toBe(204)
    expect((await call('DELETE', '/api/admin/registry/web_orders')).status).toBe(404)
  })

  it.each([
    [{}, 'missing'],
    [{name: ' '}, 'value_error'],
    [{name: 'a', query_mode: 'sideways'}, 'literal_error'],
    [{name: 'a', source_query: 'select 1'}, 'value_error'],
    [{name: 'a', query_mode: 'materialized'}, 'value_error'],
    [{name: 'a', sync_strategy: 'partitioned'}, 'value_error'],
    [{name: 'a', description: 7}, 'string_type'],
  ])('refuses %j', async (body, type) => {
    const answer = await server.call('POST', '/api/admin/register-table', {body})
    expect([answer.status, answer.body.detail[0].type]).toEqual([422, type])
  })
})
