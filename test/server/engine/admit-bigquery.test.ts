import {afterAll, describe, expect, it} from 'vitest'
import {DuckDbWarehouse} from '../../../src/lib/adapters/duckdb-warehouse.js'
import type {OpenedDataStore} from '../../../src/server/data/open-data-store.js'
import {admitBigQuery} from '../../../src/server/engine/admit-bigquery.js'
import {createParser} from '../../../src/server/engine/query-engine.js'

/** What is let through to BigQuery, whatever BigQuery itself would make of it. */

const parser = createParser(new DuckDbWarehouse())
afterAll(() => parser.close())

const path = (dataset: string, table: string) => ({project: 'acme', dataset, table})
const bigQuery = {
  paths: new Map([
    ['events', path('web', 'events')],
    ['pay', path('hr', 'pay')],
  ]),
}
const store = {
  tables: () => [
    {id: 'events', name: 'events'},
    {id: 'pay', name: 'pay'},
  ],
  remoteOf: () => ({bigQuery, attachments: []}),
} as unknown as OpenedDataStore

const admit = (sql: string) =>
  admitBigQuery(
    {parse: parser.parse, store},
    {sql, reader: {isAdmin: false, allowed: new Set(['events'])}},
  )

describe('admission to BigQuery', () => {
  it.each([
    [
      'a path as the name of a common table expression',
      'WITH `acme.hr.pay` AS (SELECT 1 AS id) SELECT p.id FROM events, `acme.hr.pay` p',
    ],
    [
      'the same in a subquery',
      'SELECT (WITH `acme.hr.pay` AS (SELECT 1) SELECT count(*) FROM `acme.hr.pay`) FROM events',
    ],
    ['a stored function by its path', 'SELECT `acme.hr.salary`(id) FROM events'],
    ['a stored function by its parts', 'SELECT acme.hr.salary(id) FROM events'],
    ['a stored function of the own project', 'SELECT hr.salary(id) FROM events'],
    ['a stored function in a predicate', 'SELECT id FROM events WHERE hr.salary(id) > 1'],
    ['a stored function over a window', 'SELECT hr.total(id) OVER () FROM events'],
    ['a stored function behind SAFE', 'SELECT SAFE.hr.salary(id) FROM events'],
  ])('refuses %s', async (_what, sql) => {
    await expect(admit(sql)).rejects.toMatchObject({status: 400})
  })

  it.each([
    ['functions of BigQuery in groups', `SELECT NET.HOST('x'), SAFE.SUBSTR('x', 1) FROM events`],
    ['what the parser makes a function of', 'SELECT EXTRACT(YEAR FROM day) FROM events'],
    ['operators', `SELECT id + 1.5 FROM events WHERE name LIKE 'a.b%'`],
  ])('lets %s pass', async (_what, sql) => {
    expect(await admit(sql)).toMatchObject({tables: [{id: 'events'}]})
  })
})
