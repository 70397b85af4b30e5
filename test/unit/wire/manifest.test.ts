import {describe, expect, it} from 'vitest'
import {UnreachableError} from '../../../src/lib/errors.js'
import {isSafeName, readManifest} from '../../../src/lib/wire/manifest.js'
import {recorded, recordedVersions} from '../../support/recorded.js'

const HASH = '0c1f7b0e6f0d4d0b9d2a6c1f5c7a9e31'

describe('readManifest', () => {
  it.each(recordedVersions)('reads every recorded manifest of %s', (version) => {
    const answers = recorded(version).filter(
      ({request, response}) => request.path === '/api/sync/manifest' && response.status === 200,
    )
    expect(answers.length).toBeGreaterThan(2)
    for (const {response} of answers) {
      const body = JSON.parse(response.body.text ?? '') as {tables: object}
      const manifest = readManifest(body)
      expect([...manifest.tables.keys()].sort()).toEqual(Object.keys(body.tables).sort())
      expect(manifest.unsafeNames).toEqual([])
      expect(manifest.authorised === null).toBe(version === 'v0.48.0')
    }
  })

  it('takes null and absent fields as unknown', () => {
    const row = {
      hash: null,
      updated: null,
      size_bytes: null,
      rows: null,
      query_mode: 'materialized',
    }
    const {tables} = readManifest({tables: {margin_daily: row, bare: {}}})
    expect(tables.get('margin_daily')).toEqual({
      ...{name: 'margin_daily', hash: null, rows: null, sizeBytes: null, updated: null},
      ...{queryMode: 'materialized', isServerOnly: false, parts: null},
    })
    expect(tables.get('bare')?.queryMode).toBe('local')
  })

  it.each([
    ['an empty hash', ''],
    ['a hash that is not MD5', 'abc'],
    ['a number', 12],
  ])('takes %s as unknown', (_, hash) => {
    expect(readManifest({tables: {t: {hash}}}).tables.get('t')?.hash).toBeNull()
  })

  it('folds the case of a hash', () => {
    expect(readManifest({tables: {t: {hash: HASH.toUpperCase()}}}).tables.get('t')?.hash).toBe(HASH)
  })

  it('sorts parts by path', () => {
    const parts = ['b.parquet', 'a=1/x.parquet'].map((path) => ({path, hash: HASH, size_bytes: 1}))
    const paths = readManifest({tables: {t: {parts}}})
      .tables.get('t')
      ?.parts?.map(({path}) => path)
    expect(paths).toEqual(['a=1/x.parquet', 'b.parquet'])
  })

  it.each([
    '../x.parquet',
    '/x.parquet',
    'a\\b.parquet',
    'a//b.parquet',
    '.x.parquet',
    'x.csv',
    'nul.parquet',
    'a\0.parquet',
  ])('sets a table apart whose part path is %j', (path) => {
    const {tables, unsafeNames} = readManifest({tables: {t: {parts: [{path, hash: HASH}]}}})
    expect([tables.size, unsafeNames]).toEqual([0, ['t']])
  })

  it('sets names apart that cannot be a file name, and keeps the others', () => {
    const names = [
      '../up',
      'a/b',
      'nul',
      'COM1.csv',
      '.',
      '..',
      '.hidden',
      'a\0b',
      "a'b",
      'a"b',
      'x'.repeat(4096),
      'sales 2024',
      'ends.',
      'x.parquet',
      '',
    ]
    const tables = Object.fromEntries([...names, 'orders.v2'].map((name) => [name, {hash: HASH}]))
    const manifest = readManifest({tables})
    expect([...manifest.tables.keys()]).toEqual(['orders.v2'])
    expect(manifest.unsafeNames).toHaveLength(names.length)
    expect(manifest.unsafeNames.every((name) => name.length <= 128)).toBe(true)
  })

  it('does not take __proto__ for anything but a name', () => {
    const {tables} = readManifest(JSON.parse(`{"tables": {"__proto__": {"hash": "${HASH}"}}}`))
    expect(tables.get('__proto__')?.hash).toBe(HASH)
  })

  it.each([
    ['one order', ['Orders', 'orders']],
    ['the other order', ['orders', 'Orders']],
  ])('lets the same one of two names win that differ in case only: %s', (_, names) => {
    const {tables, unsafeNames} = readManifest({
      tables: Object.fromEntries(names.map((name) => [name, {hash: HASH}])),
    })
    expect([[...tables.keys()], unsafeNames]).toEqual([['Orders'], ['orders']])
  })

  it('knows the difference between no packages key and no packages', () => {
    expect(readManifest({tables: {}}).authorised).toBeNull()
    expect(readManifest({tables: {}, data_packages: null}).authorised).toBeNull()
    expect(readManifest({tables: {}, data_packages: []}).authorised).toEqual(new Set())
  })

  it('lists a table that only a package names, as not published', () => {
    const packages = [{tables: [{name: 'early', hash: '', rows: 0, query_mode: 'local'}]}]
    const {tables, authorised} = readManifest({tables: {}, data_packages: packages})
    expect(tables.get('early')?.hash).toBeNull()
    expect(authorised).toEqual(new Set(['early']))
  })

  it.each([
    ['a list', []],
    ['text', 'hello'],
    ['nothing', undefined],
    ['an object without tables', {detail: 'x'}],
    ['tables as a list', {tables: []}],
    ['tables null', {tables: null}],
    ['packages as an object', {tables: {}, data_packages: {}}],
    ['the tables of a package as text', {tables: {}, data_packages: [{tables: 'x'}]}],
  ])('refuses %s', (_, body) => {
    expect(() => readManifest(body)).toThrow(UnreachableError)
  })
})

describe('isSafeName', () => {
  it('accepts what servers use', () => {
    for (const name of ['orders', 'in_c-crm_orders', '2024_sales', 'orders.v2', '_x'])
      expect([name, isSafeName(name)]).toEqual([name, true])
  })
})
