import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import fc from 'fast-check'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {ApiError} from '../../../src/server/api-error.js'
import type {OpenedDataStore} from '../../../src/server/data/open-data-store.js'
import {createQueryEngine} from '../../../src/server/engine/query-engine.js'
import type {PublishedTable, QueryEngine, ScanRequest} from '../../../src/server/model.js'
import {FakeClock} from '../../support/fake-clock.js'
import {onDatabase} from '../../support/engine.js'
import {copyVega, openStore, warehouse} from '../data/open-store.js'

let dir: string
let store: OpenedDataStore
let engine: QueryEngine
let weather: PublishedTable
let odd: PublishedTable
const clock = new FakeClock()

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agnes-scan-'))
  await copyVega(dir, {'seattle-weather.csv': 'weather.csv'})
  await onDatabase(
    ':memory:',
    `COPY (SELECT range AS "US Gross", {'x': range} AS rec, [range] AS list, 'a' AS "Name DESC"
       FROM range(5)) TO '${dir}/odd.parquet'`,
  )
  store = (await openStore(dir)).store
  engine = createQueryEngine({warehouse, store, clock})
  weather = store.byId('weather')!
  odd = store.byId('odd')!
})
afterAll(async () => {
  await engine.close()
  await rm(dir, {recursive: true, force: true})
})

async function scanRows(
  table: PublishedTable,
  request: Partial<ScanRequest>,
): Promise<unknown[][]> {
  const stream = await engine.scan(table, {table_id: table.id, ...request})
  const rows: unknown[][] = []
  for await (const {rowCount, columns} of stream.batches)
    for (let row = 0; row < rowCount; row++) rows.push(columns.map((cells) => cells[row]))
  return rows
}

async function refused(where: string, table = weather): Promise<unknown> {
  return engine.estimate(table, {table_id: table.id, where}).then(
    () => 'accepted',
    (error: {detail: unknown}) => error.detail,
  )
}

describe('predicates that are accepted', () => {
  it.each([
    ["weather = 'snow'", 26],
    ["weather = 'snow';", 26],
    ["weather.weather = 'snow' -- a comment", 26],
    ["\"Weather\" IN ('snow', 'fog') /* two */", 127],
    ["date >= DATE '2015-12-30'", 2],
    ["date BETWEEN '2015-12-30' AND '2015-12-31'", 2],
    ['EXTRACT(year FROM date) = 2012 AND EXTRACT(month FROM date) = 2', 29],
    ["date > TIMESTAMP '2015-12-31' - INTERVAL 2 DAY", 2],
    ['date < CURRENT_DATE AND temp_max > 35', 1],
    ["upper(weather) LIKE 'SN%' AND NOT temp_max IS NULL", 26],
    ["CASE WHEN weather = 'snow' THEN true ELSE false END", 26],
    ["coalesce(nullif(weather, 'rain'), 'x') = 'x'", 641],
    ["CAST(temp_max AS INTEGER) = 40 OR temp_max::VARCHAR = '35.6'", 1],
    ["weather SIMILAR TO 's.*w' AND weather ILIKE 'SN__'", 26],
    ['wind % 2 = 0 AND wind > greatest(8, 9)', 0],
    ["weather || 'y' = 'snowy' AND weather IS DISTINCT FROM 'rain'", 26],
    ["weather = 'it''s; DROP TABLE weather --'", 0],
  ])('%s', async (where, count) => {
    expect(await scanRows(weather, {where, select: ['date']})).toHaveLength(count)
  })

  it('reads inside lists', async () => {
    expect(await scanRows(odd, {where: 'list[1] = 3'})).toHaveLength(1)
  })
})

describe('predicates that are refused', () => {
  it.each([
    ['   ', 'parse_error', {}],
    ['-- nothing', 'parse_error', {}],
    ['WHERE wind > 1', 'parse_error', {}],
    ['wind >', 'parse_error', {}],
    ["weather = 'snow", 'parse_error', {}],
    ['/* open', 'parse_error', {}],
    ['`wind` > 1', 'parse_error', {}],
    ['*/wind', 'parse_error', {}],
    ['wind > 1; DROP TABLE weather', 'multi_statement', {}],
    ['wind > 1; SELECT 2', 'multi_statement', {}],
    ['wind > 1;;', 'multi_statement', {}],
    ['wind > 1 UNION SELECT 2', 'disallowed_node', {}],
    ['wind > 1 LIMIT 5', 'disallowed_node', {}],
    ['wind > 1 ORDER BY wind', 'disallowed_node', {}],
    ['wind > 1 GROUP BY 1 HAVING true', 'disallowed_node', {}],
    ['wind > ?', 'disallowed_node', {}],
    ['COLUMNS(*) > 1', 'disallowed_node', {}],
    ['#1 > 1', 'disallowed_node', {}],
    ['EXISTS (SELECT 1)', 'nested_select', {}],
    ['date IN (SELECT date FROM weather)', 'nested_select', {}],
    ['wind > (SELECT 1)', 'nested_select', {}],
    ['payroll.wind > 1', 'cross_table_reference', {}],
    ['main.weather.wind > 1', 'cross_table_reference', {}],
    ["{'a': wind}.a > 1", 'cross_table_reference', {}],
    ['nope = 1', 'unknown_column', {column: 'nope'}],
    ['weather.nope = 1', 'unknown_column', {column: 'nope'}],
    ['weather = "CZ"', 'unknown_column', {column: 'CZ'}],
    ['count(*) > 1', 'unknown_function', {function: 'COUNT_STAR'}],
    ['sum(wind) > 1', 'unknown_function', {function: 'SUM'}],
    ['row_number() OVER () > 1', 'unknown_function', {function: 'ROW_NUMBER'}],
    ['md5(weather) = 1', 'unknown_function', {function: 'MD5'}],
    ["getenv('HOME') = 'x'", 'unknown_function', {function: 'GETENV'}],
    ["current_setting('threads') = 1", 'unknown_function', {function: 'CURRENT_SETTING'}],
    ["CASE WHEN wind > 1 THEN md5(weather) END = 'x'", 'unknown_function', {function: 'MD5'}],
    ['[wind, 1] = [1, 2]', 'unknown_function', {function: 'LIST_VALUE'}],
  ])('%s', async (where, kind, details) => {
    expect(await refused(where)).toEqual({error: 'validator_rejected', kind, details})
  })

  it('cannot close the parenthesis they stand in', async () => {
    expect(await refused("wind > 1) OR (weather = 'x'")).toMatchObject({kind: 'parse_error'})
    expect(await refused('wind > 1) --')).toMatchObject({kind: 'parse_error'})
  })

  it('never widen a scan: whatever is accepted keeps the other conditions of the statement', async () => {
    const pieces = [
      'wind',
      '>',
      '1',
      ')',
      '(',
      ' OR ',
      ' AND ',
      '--',
      '/*',
      '*/',
      ';',
      "'",
      '"',
      '\n',
      'true',
    ]
    const texts = fc
      .array(fc.constantFrom(...pieces), {maxLength: 9})
      .map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(texts, async (where) => {
        if (where === '' || (await refused(where)) !== 'accepted') return
        const rows = await scanRows(weather, {where, limit: 3}).catch((error: ApiError) => {
          expect(error.status).toBe(400)
          return []
        })
        expect(rows.length).toBeLessThanOrEqual(3)
      }),
      {numRuns: 150},
    )
  })
})

describe('columns and sorting', () => {
  it('takes names in any case and quotes odd ones', async () => {
    const rows = await scanRows(odd, {select: ['us gross'], order_by: ['US Gross DESC'], limit: 2})
    expect(rows).toEqual([[4n], [3n]])
  })

  it('takes a column whose name ends like a direction', async () => {
    const request = {select: ['US Gross'], order_by: ['Name DESC', 'us gross desc'], limit: 1}
    expect(await scanRows(odd, request)).toEqual([[4n]])
  })

  it.each([
    [{select: ['wind', 'nope', 'wind"; DROP']}, "unknown columns: ['nope', 'wind\"; DROP']"],
    [{order_by: ['nope DESC']}, "unknown columns in order_by: ['nope']"],
    [{order_by: ['wind NULLS FIRST']}, "unknown columns in order_by: ['wind NULLS FIRST']"],
  ])('refuses %j', async (request, message) => {
    await expect(scanRows(weather, request)).rejects.toMatchObject({status: 400, detail: message})
  })

  it('refuses a limit above the maximum on scans, not on estimates', async () => {
    const request = {table_id: 'weather', limit: 10_000_001}
    await expect(engine.scan(weather, request)).rejects.toMatchObject({status: 400})
    expect(await engine.estimate(weather, request)).toEqual({
      scanBytes: 0,
      resultRows: null,
      resultBytes: null,
    })
  })
})

it('a scan that is given up after its first batch frees the engine', async () => {
  const before = clock.waiting
  const stream = await engine.scan(weather, {table_id: 'weather'})
  const batches = stream.batches[Symbol.asyncIterator]()
  await batches.next()
  expect(clock.waiting).toBe(before + 1)
  await batches.return?.()
  await new Promise((resolve) => setImmediate(resolve))
  expect(clock.waiting).toBe(before)
})

it("a value that a predicate cannot convert is the caller's mistake", async () => {
  await expect(scanRows(weather, {where: 'CAST(weather AS INTEGER) = 1'})).rejects.toMatchObject({
    status: 400,
    detail: expect.stringContaining('Conversion Error'),
  })
})
