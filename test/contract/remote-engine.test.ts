import {beforeEach, describe, expect, it} from 'vitest'
import {openBigQuery} from '../../src/lib/adapters/bigquery-engine.js'
import {systemClock} from '../../src/lib/adapters/system-clock.js'
import {
  AuthError,
  ForbiddenError,
  InterruptedError,
  MissingError,
  QueryError,
  RateLimitedError,
  ServerError,
  TooLargeError,
  UnreachableError,
} from '../../src/lib/errors.js'
import type {RemoteEngine, RemoteRows} from '../../src/lib/ports/remote-engine.js'
import type {Cell} from '../../src/lib/ports/warehouse.js'
import {doubleAuth, startBigQuery, type BigQueryDouble} from '../support/bigquery-double.js'

/** What whoever asks a remote engine may rely on; BigQuery is the one there is. */

let double: BigQueryDouble
let engine: RemoteEngine

beforeEach(async () => {
  double = await startBigQuery()
  engine = await openBigQuery(
    {project: 'payer', location: 'EU', endpoint: double.origin},
    {
      clock: systemClock,
      userAgent: 'agnes-cli/test',
      authClient: doubleAuth(double.origin),
      hasRetries: false,
    },
  )
})

async function all({batches}: RemoteRows): Promise<Cell[][]> {
  const rows: Cell[][] = []
  for await (const {rowCount, columns} of batches)
    for (let row = 0; row < rowCount; row++) rows.push(columns.map((cells) => cells[row]!))
  return rows
}

/** The one value of a column of this type. */
async function decoded(field: object, v: unknown) {
  double.statement({sql: 'one', schema: [{name: 'x', ...field}], rows: [[v]]})
  const rows = await engine.run('SELECT one', {maxBytes: 10})
  const [[cell]] = (await all(rows)) as [[Cell]]
  return {cell, column: rows.columns[0]!}
}

describe('an estimate', () => {
  it('is a dry run: what would be read, of which tables', async () => {
    double.statement({sql: 'events', bytes: 6_100_000_000, tables: ['acme.web.events']})
    expect(await engine.estimate('SELECT * FROM `acme.web.events`')).toEqual({
      scanBytes: 6_100_000_000,
      statementType: 'SELECT',
      tables: ['acme.web.events'],
    })
    expect(double.ran).toEqual([])
    expect(double.jobs[0]).toMatchObject({isDryRun: true, project: 'payer', location: 'EU'})
  })

  it('carries the token of the credentials it was given', async () => {
    double.statement({sql: 'events'})
    await engine.estimate('SELECT * FROM events')
    expect(double.jobs[0]!.authorization).toBe('Bearer token-of-the-double')
  })
})

describe('a run', () => {
  it('always carries the ceiling, and gives every page', async () => {
    double.statement({
      sql: 'numbers',
      schema: [{name: 'n', type: 'INTEGER'}],
      rows: Array.from({length: 25}, (_, index) => [String(index)]),
      pageRows: 10,
      bytes: 800,
    })
    const rows = await engine.run('SELECT n FROM numbers', {maxBytes: 1000})
    expect(rows).toMatchObject({rowCount: 25, bytesScanned: 800})
    expect((await all(rows)).map(([n]) => n)).toEqual(
      Array.from({length: 25}, (_, index) => BigInt(index)),
    )
    expect(double.ran.map(({maximumBytesBilled}) => maximumBytesBilled)).toEqual(['1000'])
  })

  it('is refused above the ceiling, with the words of the engine', async () => {
    double.statement({sql: 'events', bytes: 2000})
    const refused = engine.run('SELECT * FROM events', {maxBytes: 1000})
    await expect(refused).rejects.toBeInstanceOf(TooLargeError)
    await expect(refused).rejects.toMatchObject({
      code: 'over_max_bytes',
      details: {engine: expect.stringContaining('limit for bytes billed')},
    })
  })

  it('waits for a statement that takes its time', async () => {
    double.statement({sql: 'slow', schema: [{name: 'n', type: 'INT64'}], rows: [['1']], pending: 1})
    expect(await all(await engine.run('SELECT slow', {maxBytes: 1}))).toEqual([[1n]])
  })

  it('cancels the statement when it is interrupted', async () => {
    double.statement({sql: 'slow', pending: Infinity})
    const controller = new AbortController()
    const running = engine.run('SELECT slow', {maxBytes: 1}, controller.signal)
    running.catch(() => undefined)
    await double.whenAsked()
    controller.abort(new InterruptedError('SIGINT'))
    await expect(running).rejects.toBeInstanceOf(InterruptedError)
    expect(double.ran.map(({isCancelled}) => isCancelled)).toEqual([true])
  })

  it('gives an empty answer with its columns', async () => {
    double.statement({sql: 'none', schema: [{name: 'd', type: 'DATE'}]})
    const rows = await engine.run('SELECT none', {maxBytes: 1})
    expect(rows.columns).toEqual([{name: 'd', typeText: 'DATE', type: {kind: 'date'}}])
    expect(await all(rows)).toEqual([])
  })
})

describe('values', () => {
  const micros = 1_769_904_000_123_456n
  it.each<[string, object, unknown, Cell]>([
    ['STRING', {type: 'STRING'}, 'čau', 'čau'],
    ['BYTES', {type: 'BYTES'}, 'AAH/', new Uint8Array([0, 1, 255])],
    ['INT64', {type: 'INTEGER'}, '-9223372036854775808', -(2n ** 63n)],
    ['FLOAT64', {type: 'FLOAT'}, '0.1', 0.1],
    ['FLOAT64', {type: 'FLOAT'}, 'NaN', NaN],
    ['FLOAT64', {type: 'FLOAT64'}, '-Infinity', -Infinity],
    ['FLOAT64', {type: 'FLOAT64'}, 'Infinity', Infinity],
    ['BOOL', {type: 'BOOLEAN'}, 'true', true],
    ['BOOL', {type: 'BOOL'}, 'false', false],
    ['NUMERIC', {type: 'NUMERIC'}, '-1.000000001', -1_000_000_001n],
    ['NUMERIC(10, 2)', {type: 'NUMERIC', precision: '10', scale: '2'}, '12.5', 1250n],
    ['BIGNUMERIC(38, 10)', {type: 'BIGNUMERIC', precision: '38', scale: '10'}, '1', 10n ** 10n],
    [
      'BIGNUMERIC',
      {type: 'BIGNUMERIC'},
      '578960446186580977117854925043439539266.34992332820282019728792003956564819967',
      '578960446186580977117854925043439539266.34992332820282019728792003956564819967',
    ],
    ['TIMESTAMP', {type: 'TIMESTAMP'}, String(micros), micros],
    ['DATETIME', {type: 'DATETIME'}, '2026-02-01T00:00:00.123456', micros],
    ['DATETIME', {type: 'DATETIME'}, '0001-01-01T00:00:00', -62_135_596_800_000_000n],
    ['DATE', {type: 'DATE'}, '2026-02-01', 20_485],
    ['DATE', {type: 'DATE'}, '9999-12-31', 2_932_896],
    ['TIME', {type: 'TIME'}, '23:59:59.999999', 86_399_999_999n],
    ['TIME', {type: 'TIME'}, '00:00:01', 1_000_000n],
    ['JSON', {type: 'JSON'}, '{"a":1}', '{"a":1}'],
    ['GEOGRAPHY', {type: 'GEOGRAPHY'}, 'POINT(1 2)', 'POINT(1 2)'],
    [
      'INTERVAL',
      {type: 'INTERVAL'},
      '-1-2 3 -4:5:6.789',
      {months: -14, days: 3, micros: -14_706_789_000n},
    ],
    ['INTERVAL', {type: 'INTERVAL'}, '0-0 0 0:0:0', {months: 0, days: 0, micros: 0n}],
    ['ARRAY<INT64>', {type: 'INTEGER', mode: 'REPEATED'}, [{v: '1'}, {v: '2'}], [1n, 2n]],
    ['ARRAY<STRING>', {type: 'STRING', mode: 'REPEATED'}, [], []],
    [
      'STRUCT<a INT64, b ARRAY<STRUCT<c DATE>>>',
      {
        type: 'RECORD',
        fields: [
          {name: 'a', type: 'INTEGER'},
          {name: 'b', type: 'RECORD', mode: 'REPEATED', fields: [{name: 'c', type: 'DATE'}]},
        ],
      },
      {f: [{v: null}, {v: [{v: {f: [{v: '1970-01-02'}]}}]}]},
      [null, [[1]]],
    ],
  ])('of %s arrive exactly: %j %j', async (typeText, field, v, expected) => {
    const {cell, column} = await decoded(field, v)
    expect(cell).toEqual(expected)
    expect(column.typeText).toBe(typeText)
  })

  it('that are absent are null, whatever the type', async () => {
    for (const type of ['INTEGER', 'NUMERIC', 'TIMESTAMP', 'RECORD', 'BYTES'])
      expect((await decoded({type, fields: []}, null)).cell).toBeNull()
  })

  it('that are not of their type are an error, not a guess', async () => {
    await expect(decoded({type: 'DATE'}, 'yesterday')).rejects.toThrow(/not of its type/)
  })
})

describe('a table', () => {
  it('has its columns, rows and bytes', async () => {
    double.table('acme.web.events', {
      type: 'TABLE',
      numRows: '12345678901',
      numBytes: '98123456789',
      schema: {
        fields: [
          {name: 'id', type: 'INTEGER', mode: 'REQUIRED', description: 'key'},
          {name: 'tags', type: 'STRING', mode: 'REPEATED'},
        ],
      },
    })
    const table = await engine.table({project: 'acme', dataset: 'web', table: 'events'})
    expect(table).toMatchObject({kind: 'TABLE', rows: 12_345_678_901, sizeBytes: 98_123_456_789})
    expect(table.columns).toMatchObject([
      {name: 'id', typeText: 'INT64', isNullable: false, description: 'key'},
      {name: 'tags', typeText: 'ARRAY<STRING>', isNullable: true, description: ''},
    ])
  })

  it('that is not there is missing', async () => {
    const missing = engine.table({project: 'acme', dataset: 'web', table: 'nope'})
    await expect(missing).rejects.toBeInstanceOf(MissingError)
  })
})

describe('a failure', () => {
  it.each([
    [400, 'invalidQuery', QueryError, 'bq_bad_request'],
    [401, 'authError', AuthError, 'auth_failed'],
    [403, 'accessDenied', ForbiddenError, 'bq_forbidden'],
    [403, 'quotaExceeded', RateLimitedError, 'bigquery_quota'],
    [403, 'rateLimitExceeded', RateLimitedError, 'bigquery_quota'],
    [403, 'responseTooLarge', TooLargeError, 'bq_response_too_large'],
    [404, 'notFound', MissingError, 'bigquery_not_found'],
    [503, 'backendError', ServerError, 'bq_upstream_error'],
  ])('%i %s is of its kind and keeps the words', async (status, reason, kind, code) => {
    double.statement({sql: 'x', error: {status, reason, message: 'Some \u001b[31mwords'}})
    const failed = engine.estimate('SELECT x')
    await expect(failed).rejects.toBeInstanceOf(kind)
    const error = (await failed.catch((reason: unknown) => reason)) as QueryError
    expect(error).toMatchObject({code, details: {reasons: [reason], project: 'payer'}})
    expect(error.message).toContain('words')
    expect(error.message).not.toContain('\u001b')
    expect(error.hint).not.toBe(undefined)
  })

  it('of the network is unreachable', async () => {
    await double.server.close()
    await expect(engine.estimate('SELECT 1')).rejects.toBeInstanceOf(UnreachableError)
  })
})
