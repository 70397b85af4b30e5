import {tableFromIPC} from 'apache-arrow'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {startEmbeddedServer, type EmbeddedServer} from '../../support/embedded-server.js'
import {recorded, recordedBytes, type RecordedExchange} from '../../support/recorded.js'
import {writeParquet} from '../../support/engine.js'
import {copyVega} from '../data/open-store.js'

/** The tables of the recorded servers, made from the same data sets. */
const TYPES_ZOO = `SELECT * FROM (VALUES
  (1::TINYINT, 9223372036854775807, 12345678901234567.89::DECIMAL(19,2), DATE '2026-01-31',
   TIMESTAMP '2026-01-31 23:59:59.123456', TIMESTAMPTZ '2026-01-31 21:59:59+00', TIME '12:34:56',
   'žluťoučký, "quoted"', true, NULL::INTEGER, 'nan'::DOUBLE, [1, 2, 3], {'x': 1, 'y': 'z'},
   '\\xAA'::BLOB),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
  t(a_tiny, a_big, a_dec, a_date, a_ts, a_tstz, a_time, a_text, a_bool, a_null, a_nan, a_list,
    a_struct, a_blob)`

let dir: string
let server: EmbeddedServer

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-replay-'))
  await copyVega(dir, {
    'seattle-weather.csv': 'weather.csv',
    'movies.json': 'movies.json',
    'airports.csv': 'airports.csv',
    'gapminder.json': 'gapminder.json',
    'flights-3m.parquet': 'flights.parquet',
  })
  await writeParquet(TYPES_ZOO, `${dir}/types_zoo.parquet`)
  server = await startEmbeddedServer({dir, isShared: true})
  await server.grant('movies', 'weather', 'types_zoo', 'gapminder')
})
afterAll(async () => {
  await server.close()
  await rm(dir, {recursive: true, force: true})
})

async function replay({request, label}: RecordedExchange): Promise<Response> {
  const isAdmin = label.includes('admin)')
  return fetch(server.url + request.path, {
    method: request.method,
    headers: {
      authorization: `Bearer ${isAdmin ? server.adminToken : server.analystToken}`,
      ...(request.body ? {'content-type': 'application/json'} : {}),
    },
    ...(request.body ? {body: request.body.text ?? ''} : {}),
  })
}

const ours = /^(v2: |query: |catalog: tables)/
const baseline = recorded('v0.48.0').filter(({label}) => ours.test(label))

/** What this server words in its own way, or does better on purpose. */
const different: Record<string, RegExp | number> = {
  'v2: sample types_zoo': 200,
  'query: missing table':
    /^Query error: Catalog Error: Table with name no_such does not exist!\n\nLINE 1: select \* from no_such\n {22}\^$/,
  'query: remote table':
    /^Query error: Catalog Error: Table with name web_sessions does not exist!\n\nLINE 1: /,
}

describe('answers of the 0.48.0 server', () => {
  it.each(baseline.map((exchange) => [exchange.label, exchange] as const))(
    '%s',
    async (label, exchange) => {
      const response = await replay(exchange)
      const exception = different[label]
      if (typeof exception === 'number') return expect(response.status).toBe(exception)
      expect(response.status).toBe(exchange.response.status)
      if (exception) {
        const {detail} = (await response.json()) as {detail: string}
        return expect(detail).toMatch(exception)
      }
      const isArrow = exchange.response.headers['content-type']?.includes('arrow')
      if (isArrow) {
        expect(response.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream')
        const body = new Uint8Array(await response.arrayBuffer())
        return expect(arrowFacts(body)).toEqual(arrowFacts(recordedBytes(exchange.response.body)))
      }
      expect(comparable(await response.json())).toMatchObject(
        comparable(JSON.parse(exchange.response.body.text ?? '')) as object,
      )
    },
  )
})

describe('status codes of the 0.84.8 server', () => {
  const exchanges = recorded('v0.84.8').filter(({label}) => ours.test(label))
  it.each(exchanges.map((exchange) => [exchange.label, exchange] as const))(
    '%s',
    async (label, exchange) => {
      const expected =
        typeof different[label] === 'number' ? different[label] : exchange.response.status
      expect((await replay(exchange)).status).toBe(expected)
    },
  )
})

/** Column names, types and cells as text. */
function arrowFacts(bytes: Uint8Array) {
  const table = tableFromIPC(bytes)
  return {
    fields: table.schema.fields.map(
      ({name, type}) => `${name}: ${String(type).replace('Etc/UTC', 'UTC')}`,
    ),
    rows: table.toArray().map((row) => String(row)),
  }
}

/** Without what differs by nature: times, descriptions and the wording of one hint. */
function comparable(body: unknown): unknown {
  const text = JSON.stringify(body, (key, value: unknown) =>
    ['server_time', 'description', 'hint'].includes(key) ? undefined : value,
  )
  return JSON.parse(text) as unknown
}
